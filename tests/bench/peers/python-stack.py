"""The libraries that a Flask portal for ESXi imports before its first answer."""
import sys

import aiohttp  # noqa: F401
import flask
import PIL.Image  # noqa: F401
import pyVim.connect  # noqa: F401
import pyVmomi  # noqa: F401

app = flask.Flask(__name__)


@app.get("/api/v1/health")
def health():
    return flask.jsonify(status="ok")


app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
