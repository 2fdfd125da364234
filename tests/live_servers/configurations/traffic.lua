-- Requests of some thousand clients in forty networks, at any time of a day.

local pages = { "/", "/about", "/blog/", "/shop", "/news", "/jobs", "/contact" }

function init(arguments)
    math.randomseed(tonumber(arguments[1]))
end

function delay()
    return 1
end

function request()
    local client = string.format("81.%d.7.%d", math.random(20, 59), math.random(1, 250))
    local page = pages[math.random(#pages)]
    local agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    if math.random(400) == 1 then
        page = "{path}"
        agent = "{agent}"
        client = "{client}"
    end
    local hour, minute, second = math.random(0, 23), math.random(0, 59), math.random(0, 59)
    return wrk.format("GET", page, {
        ["X-Test-Client"] = client,
        ["X-Test-Clock"] = string.format("%02d:%02d:%02d", hour, minute, second),
        ["User-Agent"] = agent,
    })
end
