"""The organization: projects, members, keys, roles, settings, the audit log, usage and costs."""

from __future__ import annotations

from openai_mock.engine.resource import Resource
from openai_mock.resources.admin.audit_logs import audit_logs
from openai_mock.resources.admin.certificates import certificates
from openai_mock.resources.admin.costs import costs
from openai_mock.resources.admin.groups import groups
from openai_mock.resources.admin.invites import invites
from openai_mock.resources.admin.keys import keys
from openai_mock.resources.admin.members import users
from openai_mock.resources.admin.projects import projects
from openai_mock.resources.admin.rate_limits import rate_limits
from openai_mock.resources.admin.roles import roles
from openai_mock.resources.admin.settings import settings
from openai_mock.resources.admin.usage import usage

ADMIN: tuple[Resource, ...] = (
    audit_logs, certificates, costs, groups, invites, keys, projects, rate_limits, roles, settings, usage, users,
)  # fmt: skip
"""Every resource of the organization."""
