"""The bench's resource as a Flask program would have it: documents in a dict.

    gunicorn --config gunicorn.conf.py --env BENCH_DOCS=FILE flask_app:app

FILE is a JSON array of documents.
"""
import itertools
import json
import os

from flask import Flask, abort, jsonify, request

app = Flask(__name__)

with open(os.environ["BENCH_DOCS"], encoding="utf-8") as file:
    docs = {doc["_id"]: doc for doc in json.load(file)}


@app.get("/api/docs/<id>")
def item(id):
    if id not in docs:
        abort(404)
    return jsonify(docs[id])


@app.get("/api/docs")
def listing():
    n = request.args.get("per_page", 25, type=int)
    first = (request.args.get("page", 1, type=int) - 1) * n
    return jsonify(list(itertools.islice(docs.values(), first, first + n)))
