"""Every operation of the service, by what it is about.

Made by tests/clients/generated.test.ts from the service's own description; run it with -u to make it anew.
"""

from __future__ import annotations

from typing import Any

from .connection import Connection, quoted


class Webhooks:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def send(self, source: str, body: Any) -> Any:
        """A webhook of a registered source; proves itself by its signature, token or password. POST /v1/webhooks/{source}"""
        return self._request("POST", f"/v1/webhooks/{quoted(source)}", body=body)

    def put_sources(self, name: str, body: Any) -> Any:
        """Register who may call us, or change it. PUT /v1/webhooks/sources/{name}"""
        return self._request("PUT", f"/v1/webhooks/sources/{quoted(name)}", body=body, repeatable=True)

    def get_sources(self, name: str) -> Any:
        """A source. GET /v1/webhooks/sources/{name}"""
        return self._request("GET", f"/v1/webhooks/sources/{quoted(name)}", repeatable=True)

    def delete_sources(self, name: str) -> Any:
        """Let a source call us no more. DELETE /v1/webhooks/sources/{name}"""
        return self._request("DELETE", f"/v1/webhooks/sources/{quoted(name)}", repeatable=True)

    def sources_rotate(self, name: str, body: Any) -> Any:
        """A new secret; the former stays valid for a day. POST /v1/webhooks/sources/{name}/rotate"""
        return self._request("POST", f"/v1/webhooks/sources/{quoted(name)}/rotate", body=body)

    def sources(self) -> Any:
        """All sources. GET /v1/webhooks/sources"""
        return self._request("GET", f"/v1/webhooks/sources", repeatable=True)

    def put_endpoints(self, name: str, body: Any) -> Any:
        """Register whom we tell, or change and enable it. PUT /v1/webhooks/endpoints/{name}"""
        return self._request("PUT", f"/v1/webhooks/endpoints/{quoted(name)}", body=body, repeatable=True)

    def get_endpoints(self, name: str) -> Any:
        """An endpoint. GET /v1/webhooks/endpoints/{name}"""
        return self._request("GET", f"/v1/webhooks/endpoints/{quoted(name)}", repeatable=True)

    def delete_endpoints(self, name: str) -> Any:
        """Tell an endpoint no more. DELETE /v1/webhooks/endpoints/{name}"""
        return self._request("DELETE", f"/v1/webhooks/endpoints/{quoted(name)}", repeatable=True)

    def endpoints_rotate(self, name: str) -> Any:
        """A new secret; messages are signed with the former too for a day. POST /v1/webhooks/endpoints/{name}/rotate"""
        return self._request("POST", f"/v1/webhooks/endpoints/{quoted(name)}/rotate")

    def endpoints(self) -> Any:
        """All endpoints. GET /v1/webhooks/endpoints"""
        return self._request("GET", f"/v1/webhooks/endpoints", repeatable=True)

    def endpoints_deliveries(self, name: str, *, state: Any = None, before: Any = None, limit: Any = None) -> Any:
        """What an endpoint was told and will be, newest first. GET /v1/webhooks/endpoints/{name}/deliveries"""
        return self._request("GET", f"/v1/webhooks/endpoints/{quoted(name)}/deliveries", query={"state": state, "before": before, "limit": limit}, repeatable=True)

    def get_endpoints_deliveries(self, name: str, id: str) -> Any:
        """A delivery with every attempt. GET /v1/webhooks/endpoints/{name}/deliveries/{id}"""
        return self._request("GET", f"/v1/webhooks/endpoints/{quoted(name)}/deliveries/{quoted(id)}", repeatable=True)

    def endpoints_disable(self, name: str, body: Any) -> Any:
        """Tell an endpoint nothing until it is enabled; what happens meanwhile is kept. POST /v1/webhooks/endpoints/{name}/disable"""
        return self._request("POST", f"/v1/webhooks/endpoints/{quoted(name)}/disable", body=body)

    def endpoints_enable(self, name: str, body: Any) -> Any:
        """Tell an endpoint again, and at once what waits for it. POST /v1/webhooks/endpoints/{name}/enable"""
        return self._request("POST", f"/v1/webhooks/endpoints/{quoted(name)}/enable", body=body)

    def endpoints_test(self, name: str, body: Any) -> Any:
        """Send a test message now, and say how it went. POST /v1/webhooks/endpoints/{name}/test"""
        return self._request("POST", f"/v1/webhooks/endpoints/{quoted(name)}/test", body=body)

    def endpoints_deliveries_replay(self, name: str, id: str, body: Any) -> Any:
        """Send a delivery again, before all that come after it. POST /v1/webhooks/endpoints/{name}/deliveries/{id}/replay"""
        return self._request("POST", f"/v1/webhooks/endpoints/{quoted(name)}/deliveries/{quoted(id)}/replay", body=body)

    def endpoints_deliveries_skip(self, name: str, id: str, body: Any) -> Any:
        """Give a delivery up, so that the next can go. POST /v1/webhooks/endpoints/{name}/deliveries/{id}/skip"""
        return self._request("POST", f"/v1/webhooks/endpoints/{quoted(name)}/deliveries/{quoted(id)}/skip", body=body)


class Predictions:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def send(self, body: Any) -> Any:
        """Production predictions. POST /v1/predictions"""
        return self._request("POST", f"/v1/predictions", body=body, repeatable=True)


class Feedback:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def send(self, body: Any) -> Any:
        """What became known about predictions. POST /v1/feedback"""
        return self._request("POST", f"/v1/feedback", body=body, repeatable=True)


class Models:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def import_(self, name: str, body: Any) -> Any:
        """Labelled rows from outside: for datasets, never for monitors. POST /v1/models/{name}/import"""
        return self._request("POST", f"/v1/models/{quoted(name)}/import", body=body, repeatable=True)

    def put(self, name: str, body: Any) -> Any:
        """Put a model under watch, or change its policy. PUT /v1/models/{name}"""
        return self._request("PUT", f"/v1/models/{quoted(name)}", body=body, repeatable=True)

    def get(self, name: str) -> Any:
        """A model. GET /v1/models/{name}"""
        return self._request("GET", f"/v1/models/{quoted(name)}", repeatable=True)

    def list(self) -> Any:
        """All models. GET /v1/models"""
        return self._request("GET", f"/v1/models", repeatable=True)

    def timeline(self, name: str, *, since: Any = None, until: Any = None, points: Any = None) -> Any:
        """Quality, monitors, incidents, promotions and runs over time. GET /v1/models/{name}/timeline"""
        return self._request("GET", f"/v1/models/{quoted(name)}/timeline", query={"since": since, "until": until, "points": points}, repeatable=True)

    def predict(self, name: str, body: Any) -> Any:
        """Predict with the live adapter, and log it as traffic. POST /v1/models/{name}/predict"""
        return self._request("POST", f"/v1/models/{quoted(name)}/predict", body=body)

    def drift(self, name: str) -> Any:
        """How far a model is off course. GET /v1/models/{name}/drift"""
        return self._request("GET", f"/v1/models/{quoted(name)}/drift", repeatable=True)

    def performance(self, name: str, *, from_: Any = None, to: Any = None, bucket: Any = None, segment: Any = None) -> Any:
        """What predictions were worth, by when they were made, also before their labels come. GET /v1/models/{name}/performance"""
        return self._request("GET", f"/v1/models/{quoted(name)}/performance", query={"from": from_, "to": to, "bucket": bucket, "segment": segment}, repeatable=True)

    def triggers(self, name: str, *, limit: Any = None) -> Any:
        """Every reason to retrain, and every decision not to, newest first. GET /v1/models/{name}/triggers"""
        return self._request("GET", f"/v1/models/{quoted(name)}/triggers", query={"limit": limit}, repeatable=True)

    def create_trigger(self, name: str, body: Any) -> Any:
        """Ask for a run. POST /v1/models/{name}/triggers"""
        return self._request("POST", f"/v1/models/{quoted(name)}/triggers", body=body)

    def adapters(self, name: str) -> Any:
        """Every adapter, newest first. GET /v1/models/{name}/adapters"""
        return self._request("GET", f"/v1/models/{quoted(name)}/adapters", repeatable=True)

    def promotions(self, name: str) -> Any:
        """What was live, from when on, and why, newest first. GET /v1/models/{name}/promotions"""
        return self._request("GET", f"/v1/models/{quoted(name)}/promotions", repeatable=True)

    def live(self, name: str, *, at: Any = None) -> Any:
        """What is live, or was at a time. GET /v1/models/{name}/live"""
        return self._request("GET", f"/v1/models/{quoted(name)}/live", query={"at": at}, repeatable=True)

    def rollback(self, name: str, body: Any) -> Any:
        """Back to an adapter that was live before. POST /v1/models/{name}/rollback"""
        return self._request("POST", f"/v1/models/{quoted(name)}/rollback", body=body)

    def records(self, name: str, *, before: Any = None, limit: Any = None) -> Any:
        """Decision records, newest first. GET /v1/models/{name}/records"""
        return self._request("GET", f"/v1/models/{quoted(name)}/records", query={"before": before, "limit": limit}, repeatable=True)

    def datasets(self, name: str, *, limit: Any = None) -> Any:
        """Manifests of a model's datasets, newest first. GET /v1/models/{name}/datasets"""
        return self._request("GET", f"/v1/models/{quoted(name)}/datasets", query={"limit": limit}, repeatable=True)

    def queue(self, name: str, *, by: Any = None, limit: Any = None) -> Any:
        """Predictions that are most worth a label. GET /v1/models/{name}/queue"""
        return self._request("GET", f"/v1/models/{quoted(name)}/queue", query={"by": by, "limit": limit}, repeatable=True)

    def queue_skip(self, name: str, body: Any) -> Any:
        """Nobody can say: it does not come again. POST /v1/models/{name}/queue/skip"""
        return self._request("POST", f"/v1/models/{quoted(name)}/queue/skip", body=body)

    def predictions_find(self, name: str, body: Any) -> Any:
        """Predictions by id, with what became known of them; those that are not known are missing. POST /v1/models/{name}/predictions/find"""
        return self._request("POST", f"/v1/models/{quoted(name)}/predictions/find", body=body)


class Fleet:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def list(self) -> Any:
        """Every model on one line: what is live, its quality, alarms, next schedule, run. GET /v1/fleet"""
        return self._request("GET", f"/v1/fleet", repeatable=True)


class Runs:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def course(self, id: str) -> Any:
        """A run from near: why it began, its stages, the course of its jobs, what it cost. GET /v1/runs/{id}/course"""
        return self._request("GET", f"/v1/runs/{quoted(id)}/course", repeatable=True)

    def exam(self, id: str, *, kind: Any = None, limit: Any = None) -> Any:
        """The exam to read: rows on which challenger and opponent differ, and both by label. GET /v1/runs/{id}/exam"""
        return self._request("GET", f"/v1/runs/{quoted(id)}/exam", query={"kind": kind, "limit": limit}, repeatable=True)

    def list(self, *, model: Any = None, limit: Any = None) -> Any:
        """Runs, newest first. GET /v1/runs"""
        return self._request("GET", f"/v1/runs", query={"model": model, "limit": limit}, repeatable=True)

    def get(self, id: str) -> Any:
        """A run. GET /v1/runs/{id}"""
        return self._request("GET", f"/v1/runs/{quoted(id)}", repeatable=True)

    def approve(self, id: str, body: Any) -> Any:
        """Let a promotion through that waits for a person. POST /v1/runs/{id}/approve"""
        return self._request("POST", f"/v1/runs/{quoted(id)}/approve", body=body)

    def cancel(self, id: str, body: Any) -> Any:
        """Stop a run. POST /v1/runs/{id}/cancel"""
        return self._request("POST", f"/v1/runs/{quoted(id)}/cancel", body=body)


class Incidents:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def list(self, *, model: Any = None, state: Any = None) -> Any:
        """Incidents, newest first, 200 at most. GET /v1/incidents"""
        return self._request("GET", f"/v1/incidents", query={"model": model, "state": state}, repeatable=True)

    def get(self, id: str) -> Any:
        """An incident with its evidence. GET /v1/incidents/{id}"""
        return self._request("GET", f"/v1/incidents/{quoted(id)}", repeatable=True)

    def replay(self, id: str) -> Any:
        """Each of its alarms, computed again from the stored evidence. GET /v1/incidents/{id}/replay"""
        return self._request("GET", f"/v1/incidents/{quoted(id)}/replay", repeatable=True)

    def mute(self, id: str, body: Any) -> Any:
        """For a time it raises no events and starts no triggers. POST /v1/incidents/{id}/mute"""
        return self._request("POST", f"/v1/incidents/{quoted(id)}/mute", body=body)

    def unmute(self, id: str, body: Any) -> Any:
        """Ends that before its time. POST /v1/incidents/{id}/unmute"""
        return self._request("POST", f"/v1/incidents/{quoted(id)}/unmute", body=body)

    def resolve(self, id: str, body: Any) -> Any:
        """Lets the monitor alarm anew. POST /v1/incidents/{id}/resolve"""
        return self._request("POST", f"/v1/incidents/{quoted(id)}/resolve", body=body)

    def acknowledge(self, id: str, body: Any) -> Any:
        """Somebody has seen it; it stays latched. POST /v1/incidents/{id}/acknowledge"""
        return self._request("POST", f"/v1/incidents/{quoted(id)}/acknowledge", body=body)


class Records:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def get(self, id: str) -> Any:
        """A decision record. GET /v1/records/{id}"""
        return self._request("GET", f"/v1/records/{quoted(id)}", repeatable=True)

    def verification(self, id: str) -> Any:
        """Checks the chain of the record's model, and makes the decision again. GET /v1/records/{id}/verification"""
        return self._request("GET", f"/v1/records/{quoted(id)}/verification", repeatable=True)


class Audit:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def list(self, *, model: Any = None, before: Any = None, limit: Any = None) -> Any:
        """Every action of a person or a key, newest first. GET /v1/audit"""
        return self._request("GET", f"/v1/audit", query={"model": model, "before": before, "limit": limit}, repeatable=True)


class Datasets:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def get(self, id: str) -> Any:
        """A dataset's manifest. GET /v1/datasets/{id}"""
        return self._request("GET", f"/v1/datasets/{quoted(id)}", repeatable=True)

    def rows(self, id: str, *, part: Any = None, offset: Any = None, limit: Any = None) -> Any:
        """Its rows, as they are trained on or examined with. GET /v1/datasets/{id}/rows"""
        return self._request("GET", f"/v1/datasets/{quoted(id)}/rows", query={"part": part, "offset": offset, "limit": limit}, repeatable=True)


class Keys:
    def __init__(self, connection: Connection) -> None:
        self._request = connection.request

    def send(self, body: Any) -> Any:
        """Make a key. POST /v1/keys"""
        return self._request("POST", f"/v1/keys", body=body)

    def list(self) -> Any:
        """All keys, revoked ones too. GET /v1/keys"""
        return self._request("GET", f"/v1/keys", repeatable=True)

    def delete(self, id: str) -> Any:
        """Revoke a key. DELETE /v1/keys/{id}"""
        return self._request("DELETE", f"/v1/keys/{quoted(id)}", repeatable=True)


class Operations:
    def __init__(self, connection: Connection) -> None:
        self.webhooks = Webhooks(connection)
        self.predictions = Predictions(connection)
        self.feedback = Feedback(connection)
        self.models = Models(connection)
        self.fleet = Fleet(connection)
        self.runs = Runs(connection)
        self.incidents = Incidents(connection)
        self.records = Records(connection)
        self.audit = Audit(connection)
        self.datasets = Datasets(connection)
        self.keys = Keys(connection)
