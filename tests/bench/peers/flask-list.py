"""A list of machines as the documents' stack answers it: Flask makes the JSON anew for every request."""
import json
import sys

from flask import Flask, jsonify

with open(sys.argv[2], encoding="utf-8") as source:
    LIST = json.load(source)

app = Flask(__name__)


@app.get("/list")
def list_machines():
    return jsonify(LIST)


app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
