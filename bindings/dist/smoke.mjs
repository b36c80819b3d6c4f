// Uses the installed package: `smoke.mjs RULES` writes its version, and the title of the one rule that matches.

import { load, version } from 'tieline';

const event = { Image: 'C:\\Windows\\System32\\whoami.exe' };
console.log(version, ...load(process.argv[2]).scan(event).map((detection) => detection.ruleTitle));
