"""Requests to addresses that strangers name, kept away from everything that is not the public internet.

    rules     which schemes, ports and networks are allowed
    urls      what a URL must look like before anything is looked up
    network   names looked up once, every address checked, one deadline over all that waits
    client    the request itself

A name is looked up once for a connection, and the connection goes to the address that was checked: a second
answer of the name server is never asked for. TLS and the Host header still go by the name.
"""
