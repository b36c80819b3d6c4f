import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "test",
  outputDir: "node_modules/.results",
  reporter: [["list"]],
  workers: 2,
  timeout: 60_000,
  use: {
    contextOptions: { reducedMotion: "reduce" },
    viewport: { width: 1400, height: 900 },
    launchOptions: { executablePath: process.env.TIELINE_CHROMIUM, args: ["--no-sandbox"] },
  },
});
