bind = ["127.0.0.1:{port}", "[::1]:{port}"]
workers = 1
accesslog = "{folder}/access.log"
limit_request_line = 8190
worker_tmp_dir = "{folder}"


def application(environ, start_response):
    found = environ["PATH_INFO"] != "/missing"
    status = "200 OK" if found else "404 Not Found"
    start_response(status, [("Content-Length", "6")])
    return [b"hello\n"]
