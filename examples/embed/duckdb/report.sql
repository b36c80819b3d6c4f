-- Hosts in the order in which they were reached, with what was found there.
select
    split_part(Computer, '.', 1) as host,
    strftime(min(TimeCreated_SystemTime), '%H:%M') as since,
    count(*) as detections,
    count(*) filter (detections.level = 'critical') as critical,
    list_sort(list_distinct(flatten(list(list_filter(tags, lambda tag: tag like 'attack.t%'))))) as techniques
from detections
join events on events.id = event_id
group by Computer
order by min(TimeCreated_SystemTime);
