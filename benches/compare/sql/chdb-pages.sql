-- Visits and dwell by page of an Apache combined log, by the definitions of the project's metrics.
-- The log's path takes the place of {log}; the number of threads is set by the caller.
WITH
lines AS (
    SELECT extractGroups(
        line,
        '^(\\S+) \\S+ .*?\\[([^\\]]+)\\] "((?:[^"\\\\]|\\\\.)*)" (\\S+) \\S+ "(?:[^"\\\\]|\\\\.)*" "((?:[^"\\\\]|\\\\.)*)"'
    ) AS part
    FROM file('{log}', 'LineAsString', 'line String')
),
fields AS (
    SELECT
        part[1] AS client,
        parseDateTime(part[2], '%d/%b/%Y:%H:%i:%s %z', 'UTC') AS time,
        part[3] AS request,
        lower(splitByChar('?', splitByChar(' ', part[3])[2])[1]) AS path,
        part[4] AS status,
        part[5] AS agent
    FROM lines
),
-- a visitor is an address, with IPv6 cut to /64, and an agent on a day; the log writes the first
-- four groups of IPv6 in full
requests AS (
    SELECT
        sipHash64(
            if(position(client, ':') > 0, extract(client, '^((?:[0-9a-f]+:){4})'), client),
            agent,
            toDate(time)
        ) AS visitor,
        toUnixTimestamp(time) AS second,
        path,
        startsWith(request, 'GET ') AND (startsWith(status, '2') OR status = '304')
            AND NOT endsWith(path, '/robots.txt')
            AND NOT match(path, '\\.(css|js|mjs|map|png|jpg|jpeg|gif|svg|webp|avif|ico|bmp|woff|woff2|ttf|otf|eot|mp3|mp4|webm|ogg|wav|m4a)$')
            AS is_view
    FROM fields
    WHERE NOT multiSearchAny(agent, ['Googlebot', 'bingbot', 'YandexBot', 'Baiduspider', 'DuckDuckBot', 'Applebot', 'SeznamBot', 'GPTBot', 'ChatGPT-User', 'OAI-SearchBot', 'ClaudeBot', 'PerplexityBot', 'CCBot', 'Bytespider', 'meta-externalagent', 'AhrefsBot', 'SemrushBot', 'MJ12bot', 'DotBot', 'facebookexternalhit', 'Twitterbot', 'Slackbot', 'WhatsApp', 'UptimeRobot', 'Pingdom', 'Feedly', 'Tiny Tiny RSS', 'FreshRSS', 'python-requests', 'zgrab', 'Go-http-client', 'curl/'])
),
-- a gap of more than 1800 s begins a new visit; automated visitors are counted on the way
gaps AS (
    SELECT visitor, second, path, is_view,
        second - lagInFrame(second, 1, second) OVER (PARTITION BY visitor ORDER BY second ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) > 1800 AS begins,
        count() OVER (PARTITION BY visitor) AS all_requests,
        countIf(is_view) OVER (PARTITION BY visitor) AS all_views
    FROM requests
),
numbered AS (
    SELECT visitor, second, path, is_view,
        countIf(begins) OVER (PARTITION BY visitor ORDER BY second) AS visit
    FROM gaps WHERE all_requests <= 2000 AND all_views <= 300
),
-- the dwell of a pageview ends with the next one of its visit
views AS (
    SELECT visitor, path,
        leadInFrame(second, 1, second) OVER in_order - second AS dwell,
        row_number() OVER in_order = 1 AS is_entry,
        row_number() OVER in_order = count() OVER in_order AS is_exit
    FROM numbered WHERE is_view
    WINDOW in_order AS (PARTITION BY visitor, visit ORDER BY second, path ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
SELECT path,
    count() AS pageviews,
    uniqExact(visitor) AS visitors,
    countIf(is_entry) AS entries,
    countIf(is_exit) AS exits,
    countIf(is_entry AND is_exit) AS bounces,
    countIf(NOT is_exit) AS dwell_count,
    sumIf(dwell, NOT is_exit) AS dwell_seconds,
    quantileExactLowIf(0.5)(dwell, NOT is_exit) AS dwell_median
FROM views GROUP BY path ORDER BY pageviews DESC, path;
