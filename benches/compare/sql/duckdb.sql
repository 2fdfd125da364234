-- Visits and dwell of an Apache combined log, by the definitions of the project's metrics.
-- The log's path takes the place of {log}; the number of threads is set by the caller.
WITH
-- client - user [time] "request" status bytes "referrer" "agent"
lines AS (
    SELECT string_split(line, '"') AS part
    FROM read_csv('{log}', columns = {'line': 'VARCHAR'}, header = false, auto_detect = false,
                  delim = E'\x01', quote = '', escape = '', new_line = '\n')
),
fields AS (
    SELECT
        split_part(part[1], ' ', 1) AS client,
        strptime(substr(part[1], strpos(part[1], '[') + 1, 20), '%d/%b/%Y:%H:%M:%S') AS time,
        part[2] AS request,
        lower(split_part(split_part(part[2], ' ', 2), '?', 1)) AS path,
        split_part(part[3], ' ', 2) AS status,
        part[6] AS agent
    FROM lines
),
-- a visitor is an address, with IPv6 cut to /64, and an agent on a day; the log writes the first
-- four groups of IPv6 in full
requests AS MATERIALIZED (
    SELECT
        hash(
            CASE WHEN contains(client, ':')
                 THEN regexp_extract(client, '^([0-9a-f]+:){4}') ELSE client END,
            agent,
            time::DATE
        ) AS visitor,
        epoch(time)::BIGINT AS second,
        starts_with(request, 'GET ') AND (starts_with(status, '2') OR status = '304')
            AND NOT ends_with(path, '/robots.txt')
            AND NOT regexp_matches(path, '\.(css|js|mjs|map|png|jpg|jpeg|gif|svg|webp|avif|ico|bmp|woff|woff2|ttf|otf|eot|mp3|mp4|webm|ogg|wav|m4a)$')
            AS is_view
    FROM fields
    WHERE NOT regexp_matches(agent, 'Googlebot|bingbot|YandexBot|Baiduspider|DuckDuckBot|Applebot|SeznamBot|GPTBot|ChatGPT-User|OAI-SearchBot|ClaudeBot|PerplexityBot|CCBot|Bytespider|meta-externalagent|AhrefsBot|SemrushBot|MJ12bot|DotBot|facebookexternalhit|Twitterbot|Slackbot|WhatsApp|UptimeRobot|Pingdom|Feedly|Tiny Tiny RSS|FreshRSS|python-requests|zgrab|Go-http-client|curl/')
),
automated AS (
    SELECT visitor FROM requests GROUP BY visitor
    HAVING count(*) > 2000 OR count(*) FILTER (is_view) > 300
),
-- a gap of more than 1800 s begins a new visit
gaps AS (
    SELECT visitor, second, is_view,
        coalesce(second - lag(second) OVER in_order > 1800, false) AS begins
    FROM requests WHERE visitor NOT IN (FROM automated)
    WINDOW in_order AS (PARTITION BY visitor ORDER BY second)
),
numbered AS MATERIALIZED (
    SELECT visitor, second, is_view, count(*) FILTER (begins) OVER in_order AS visit
    FROM gaps
    WINDOW in_order AS (PARTITION BY visitor ORDER BY second)
),
-- the dwell of a pageview ends with the next one of its visit
dwells AS (
    SELECT lead(second) OVER (PARTITION BY visitor, visit ORDER BY second) - second AS dwell
    FROM numbered WHERE is_view
),
dwell AS (
    SELECT count(*) AS pageviews, count(dwell) AS dwell_count, sum(dwell) AS dwell_seconds
    FROM dwells
),
visits AS (
    SELECT visitor, count(*) AS requests, count(*) FILTER (is_view) AS pageviews,
        least(max(second) - min(second), 43200) AS seconds
    FROM numbered GROUP BY visitor, visit
),
totals AS (
    SELECT
        sum(requests) AS requests,
        count(*) FILTER (pageviews > 0) AS visits,
        count(DISTINCT visitor) FILTER (pageviews > 0) AS visitors,
        count(*) FILTER (pageviews = 1) AS bounces,
        sum(seconds) FILTER (pageviews > 0) AS visit_seconds
    FROM visits
)
SELECT requests, pageviews, visits, visitors, bounces, visit_seconds, dwell_count, dwell_seconds
FROM totals, dwell;
