-- Visits and dwell of an Apache combined log, by the definitions of the project's metrics.
-- The log's path takes the place of {log}; the number of threads is set by the caller.
WITH
-- client - user [time] "request" status bytes "referrer" "agent"
lines AS (
    SELECT splitByChar('"', line) AS part FROM file('{log}', 'LineAsString', 'line String')
),
fields AS (
    SELECT
        substring(part[1], 1, position(part[1], ' ') - 1) AS client,
        parseDateTime(substring(part[1], position(part[1], '[') + 1, 20), '%d/%b/%Y:%H:%i:%s', 'UTC') AS time,
        part[2] AS request,
        lower(splitByChar('?', splitByChar(' ', part[2])[2])[1]) AS path,
        splitByChar(' ', part[3])[2] AS status,
        part[6] AS agent
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
        startsWith(request, 'GET ') AND (startsWith(status, '2') OR status = '304')
            AND NOT endsWith(path, '/robots.txt')
            AND NOT match(path, '\\.(css|js|mjs|map|png|jpg|jpeg|gif|svg|webp|avif|ico|bmp|woff|woff2|ttf|otf|eot|mp3|mp4|webm|ogg|wav|m4a)$')
            AS is_view
    FROM fields
    WHERE NOT multiSearchAny(agent, ['Googlebot', 'bingbot', 'YandexBot', 'Baiduspider', 'DuckDuckBot', 'Applebot', 'SeznamBot', 'GPTBot', 'ChatGPT-User', 'OAI-SearchBot', 'ClaudeBot', 'PerplexityBot', 'CCBot', 'Bytespider', 'meta-externalagent', 'AhrefsBot', 'SemrushBot', 'MJ12bot', 'DotBot', 'facebookexternalhit', 'Twitterbot', 'Slackbot', 'WhatsApp', 'UptimeRobot', 'Pingdom', 'Feedly', 'Tiny Tiny RSS', 'FreshRSS', 'python-requests', 'zgrab', 'Go-http-client', 'curl/'])
),
-- a gap of more than 1800 s begins a new visit; automated visitors are counted on the way
gaps AS (
    SELECT visitor, second, is_view,
        second - lagInFrame(second, 1, second) OVER (PARTITION BY visitor ORDER BY second ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) > 1800 AS begins,
        count() OVER (PARTITION BY visitor) AS all_requests,
        countIf(is_view) OVER (PARTITION BY visitor) AS all_views
    FROM requests
),
numbered AS (
    SELECT visitor, second, is_view,
        countIf(begins) OVER (PARTITION BY visitor ORDER BY second) AS visit
    FROM gaps WHERE all_requests <= 2000 AND all_views <= 300
),
-- the dwell of a pageview ends with the next one of its visit: here that one carries it
dwells AS (
    SELECT visitor, visit, second, is_view,
        is_view AND row_number() OVER in_order > 1 AS ends_dwell,
        second - lagInFrame(second, 1, second) OVER in_order AS dwell
    FROM numbered
    WINDOW in_order AS (PARTITION BY visitor, visit, is_view ORDER BY second ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
visits AS (
    SELECT visitor, count() AS lines, countIf(is_view) AS views,
        least(max(second) - min(second), 43200) AS seconds,
        countIf(ends_dwell) AS dwells,
        sumIf(dwell, ends_dwell) AS dwell
    FROM dwells GROUP BY visitor, visit
)
SELECT
    sum(lines) AS requests,
    sum(views) AS pageviews,
    countIf(views > 0) AS visits,
    uniqExactIf(visitor, views > 0) AS visitors,
    countIf(views = 1) AS bounces,
    sumIf(seconds, views > 0) AS visit_seconds,
    sum(dwells) AS dwell_count,
    sum(dwell) AS dwell_seconds
FROM visits;
