"""Certificates: uploaded to the organization, and switched on and off there and in each project.

Theory. A certificate is kept once; where it is active is a collection of ids of its own, one of the organization and
one of each project. So both lists show every certificate with its state at that place.
"""

from __future__ import annotations

from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.collection import Collection
from openai_mock.engine.errors import ApiError
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import CONTENT, Object
from openai_mock.media.certificate import read_certificate
from openai_mock.resources.admin.founding import PROJECTS

_CERTIFICATES = "admin.organization.certificates.list"
_ORGANIZATION = "/organization/active_certificates"
_PROJECT = "/organization/projects/{project_id}/active_certificates"
_MOST = 50
certificates = Resource("certificate", keeps=_CERTIFICATES)


@certificates.on("admin.organization.certificates.create")
def create(call: Call) -> Answer:
    """Keep a certificate, active nowhere; without a name it has its subject's."""
    text = call.body["certificate"]
    read = read_certificate(text)
    if read is None:
        words = "Invalid certificate: expected an X.509 certificate in PEM format."
        raise ApiError(400, words, param="certificate", code="invalid_value")
    if call.store.count(call.collection().path) >= _MOST:
        words = f"The organization has {_MOST} certificates, which is the maximum."
        raise ApiError(400, words, code="certificate_limit_reached")
    made: Object = {
        "object": "certificate",
        "id": call.world.ids.letters("cert_"),
        "name": call.body.get("name") or read.name or None,
        "created_at": call.now,
        "certificate_details": {"valid_at": read.valid_at, "expires_at": read.expires_at},
    }
    return call.create(made, beside={CONTENT: text.encode()})


@certificates.on("admin.organization.certificates.retrieve")
def retrieve(call: Call) -> Answer:
    """The certificate, with its text if that is asked for."""
    known = call.item
    if "content" not in (call.query.get("include") or ()):
        return known
    text = (call.collection().content(known["id"]) or b"").decode()
    return {**known, "certificate_details": {**known["certificate_details"], "content": text}}


@certificates.on("admin.organization.certificates.update")
def update(call: Call) -> Answer:
    """Another name; nothing else changes."""
    return call.collection().save({**call.item, "name": call.body.get("name", call.item.get("name"))})


@certificates.on("admin.organization.certificates.delete")
def delete(call: Call) -> Answer:
    """Forget a certificate that is active nowhere."""
    known = call.item
    projects = [id_ for id_, _ in call.store.list(call.collection(PROJECTS).path)]
    places = [_active(call), *(_active(call, id_) for id_ in projects)]
    if any(place.find(known["id"]) is not None for place in places):
        words = "The certificate must be inactive for the organization and all projects before it can be deleted."
        raise ApiError(400, words, code="certificate_active")
    call.collection().delete(known["id"])
    return {"object": "certificate.deleted", "id": known["id"]}


def _active(call: Call, project_id: str | None = None) -> Collection:
    """The ids that are active in a project, or in the organization."""
    if project_id is None:
        return Collection(call, _ORGANIZATION, _ORGANIZATION, None)
    return Collection(call, _PROJECT, _PROJECT.format(project_id=project_id), None)


def _here(call: Call) -> Collection:
    return _active(call, call.params.get("project_id"))


def _object(call: Call) -> str:
    return "organization.project.certificate" if "project_id" in call.params else "organization.certificate"


def _shown(call: Call, item: Object) -> Object:
    """A certificate with its state at the place that the call is about."""
    return {**item, "object": _object(call), "active": _here(call).find(item["id"]) is not None}


def _switched(call: Call, *, on: bool) -> dict[str, Any]:
    """All of the named certificates, or none where one is unknown, become active or inactive here."""
    known, here = call.collection(_CERTIFICATES), _here(call)
    chosen = [known.get(id_) for id_ in dict.fromkeys(call.body["certificate_ids"])]
    for each in chosen:
        if on:
            here.save({"id": each["id"]})
        else:
            here.delete(each["id"])
    kind = f"{_object(call)}.{'activation' if on else 'deactivation'}"
    return {"object": kind, "data": [_shown(call, each) for each in chosen]}


@certificates.on("admin.organization.certificates.list")
@certificates.on("admin.organization.projects.certificates.list")
def list_certificates(call: Call) -> Answer:
    """Every certificate, and whether it is active here."""
    page = stored_page(call, call.collection(_CERTIFICATES))
    page["data"] = [_shown(call, each) for each in page["data"]]
    return page


@certificates.on("admin.organization.certificates.activate")
@certificates.on("admin.organization.projects.certificates.activate")
def activate(call: Call) -> Answer:
    """Switch certificates on."""
    return _switched(call, on=True)


@certificates.on("admin.organization.certificates.deactivate")
@certificates.on("admin.organization.projects.certificates.deactivate")
def deactivate(call: Call) -> Answer:
    """Switch certificates off."""
    return _switched(call, on=False)
