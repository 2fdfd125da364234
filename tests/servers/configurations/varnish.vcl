vcl 4.1;

backend default none;

sub vcl_recv {
    if (req.url == "/missing") {
        return (synth(404));
    }
    return (synth(200));
}

sub vcl_synth {
    synthetic("hello");
    return (deliver);
}
