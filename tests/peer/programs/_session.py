"""What each of the programs begins and ends with. They run under client 0.5.2, in its own Python.

A program gets a JSON object on its standard input and prints one; what the client has to say goes
to its log file. All that it sends and receives is written down for the test to look at.
"""

import base64
import json
import sys
import time

import requests

from batchapps import AzureOAuth, Configuration, config, credentials

given = json.load(sys.stdin)

config.STREAM_LOG = False
credentials.CA_CERT = given["ca_cert"]

_calls = open(given["calls"], "w")  # noqa: SIM115
_send = requests.Session.send


def _recording_send(session, request, **options):
    response = _send(session, request, **options)
    sent = request.body
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    call = {
        "method": request.method,
        "url": request.url,
        "status": response.status_code,
        "headers": {name.lower(): value for name, value in response.headers.items()},
        # Uploads come in pieces, downloads are read by the client.
        "sent": sent.decode()
        if isinstance(sent, bytes)
        else sent
        if isinstance(sent, str)
        else None,
        "content": base64.b64encode(response.content).decode() if is_json else None,
    }
    if "/oauth2/" not in request.url:  # the key and the token are in there
        _calls.write(json.dumps(call) + "\n")
        _calls.flush()
    return response


# At the edge of the library below the client, which itself is as it came.
requests.Session.send = _recording_send


def mark(name):
    """Begin a new part of what is written down."""
    _calls.write(json.dumps({"mark": name}) + "\n")
    _calls.flush()


def sign_in():
    """The configuration that the test wrote, and credentials for it."""
    cfg = Configuration(data_path=given["home"], log_level="debug")
    return cfg, AzureOAuth.get_unattended_session(cfg)


def poll(job, *statuses):
    """Do what the samples do: update the job until it is in one of the states; those it was in."""
    seen = [job.status]
    end = time.time() + 60
    while job.status not in statuses:
        if time.time() > end:
            raise SystemExit("the job stayed " + job.status)
        time.sleep(0.1)
        job.update()
        if job.status != seen[-1]:
            seen.append(job.status)
    return seen


def raised(call, *args, **kwargs):
    """The name of the exception that the call ends in, its message, and the type it stands for."""
    try:
        return ["nothing", repr(call(*args, **kwargs)), None]
    except Exception as error:
        kind = getattr(error, "type", None)
        return [type(error).__name__, str(error), kind and kind.__name__]


def attributes(thing, *names):
    return {name: getattr(thing, name) for name in names}


def done(**result):
    json.dump(result, sys.stdout)
