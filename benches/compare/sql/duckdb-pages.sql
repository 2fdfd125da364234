-- Visits and dwell by page of an Apache combined log, by the definitions of the project's metrics.
-- The log's path takes the place of {log}; the number of threads is set by the caller.
WITH
lines AS (
    SELECT regexp_extract(
        line,
        '^(\S+) \S+ .*?\[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\S+) \S+ "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"',
        ['client', 'time', 'request', 'status', 'agent']
    ) AS line
    FROM read_csv('{log}', columns = {'line': 'VARCHAR'}, header = false, auto_detect = false,
                  delim = E'\x01', quote = '', escape = '', new_line = '\n')
),
fields AS (
    SELECT
        line.client AS client,
        timezone('UTC', strptime(line.time, '%d/%b/%Y:%H:%M:%S %z')) AS time,
        line.request AS request,
        lower(split_part(split_part(line.request, ' ', 2), '?', 1)) AS path,
        line.status AS status,
        line.agent AS agent
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
        path,
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
    SELECT visitor, second, path, is_view,
        coalesce(second - lag(second) OVER in_order > 1800, false) AS begins
    FROM requests WHERE visitor NOT IN (FROM automated)
    WINDOW in_order AS (PARTITION BY visitor ORDER BY second)
),
numbered AS MATERIALIZED (
    SELECT visitor, second, path, is_view, count(*) FILTER (begins) OVER in_order AS visit
    FROM gaps
    WINDOW in_order AS (PARTITION BY visitor ORDER BY second)
),
-- the dwell of a pageview ends with the next one of its visit
views AS (
    SELECT visitor, path,
        lead(second) OVER in_order - second AS dwell,
        row_number() OVER in_order = 1 AS is_entry,
        lead(second) OVER in_order IS NULL AS is_exit
    FROM numbered WHERE is_view
    WINDOW in_order AS (PARTITION BY visitor, visit ORDER BY second, path)
)
SELECT path,
    count(*) AS pageviews,
    count(DISTINCT visitor) AS visitors,
    count(*) FILTER (is_entry) AS entries,
    count(*) FILTER (is_exit) AS exits,
    count(*) FILTER (is_entry AND is_exit) AS bounces,
    count(dwell) AS dwell_count,
    sum(dwell) AS dwell_seconds,
    quantile_disc(dwell, 0.5) AS dwell_median
FROM views GROUP BY path ORDER BY pageviews DESC, path;
