# The attributes of a mock that mirror the SDK. Written by scripts/accessors from the catalogue.

from collections.abc import Mapping
from typing import Any

from openai_mock.library.namespaces import Reach
from openai_mock.library.route import Route

class Resource:
    def put(self, fields: Mapping[str, Any] | None = None, /, *, session: str = "", **more: Any) -> dict[str, Any]: ...

class AdminOrganizationAdminApiKeys(Resource):
    create: Route  # POST /organization/admin_api_keys
    delete: Route  # DELETE /organization/admin_api_keys/{key_id}
    list: Route  # GET /organization/admin_api_keys
    retrieve: Route  # GET /organization/admin_api_keys/{key_id}

class AdminOrganizationAuditLogs(Resource):
    list: Route  # GET /organization/audit_logs

class AdminOrganizationCertificates(Resource):
    activate: Route  # POST /organization/certificates/activate
    create: Route  # POST /organization/certificates
    deactivate: Route  # POST /organization/certificates/deactivate
    delete: Route  # DELETE /organization/certificates/{certificate_id}
    list: Route  # GET /organization/certificates
    retrieve: Route  # GET /organization/certificates/{certificate_id}
    update: Route  # POST /organization/certificates/{certificate_id}

class AdminOrganizationDataRetention(Resource):
    retrieve: Route  # GET /organization/data_retention
    update: Route  # POST /organization/data_retention

class AdminOrganizationExternalKeys(Resource):
    create: Route  # POST /organization/external_keys
    delete: Route  # DELETE /organization/external_keys/{external_key_id}
    list: Route  # GET /organization/external_keys
    retrieve: Route  # GET /organization/external_keys/{external_key_id}
    validate: Route  # POST /organization/external_keys/{external_key_id}/validate

class AdminOrganizationExternalStorage(Resource):
    create: Route  # POST /organization/external_storage
    delete: Route  # DELETE /organization/external_storage/{external_storage_id}
    list: Route  # GET /organization/external_storage
    retrieve: Route  # GET /organization/external_storage/{external_storage_id}
    validate: Route  # POST /organization/external_storage/{external_storage_id}/validate

class AdminOrganizationGroupsRoles(Resource):
    create: Route  # POST /organization/groups/{group_id}/roles
    delete: Route  # DELETE /organization/groups/{group_id}/roles/{role_id}
    list: Route  # GET /organization/groups/{group_id}/roles
    retrieve: Route  # GET /organization/groups/{group_id}/roles/{role_id}

class AdminOrganizationGroupsUsers(Resource):
    create: Route  # POST /organization/groups/{group_id}/users
    delete: Route  # DELETE /organization/groups/{group_id}/users/{user_id}
    list: Route  # GET /organization/groups/{group_id}/users
    retrieve: Route  # GET /organization/groups/{group_id}/users/{user_id}

class AdminOrganizationGroups(Resource):
    create: Route  # POST /organization/groups
    delete: Route  # DELETE /organization/groups/{group_id}
    list: Route  # GET /organization/groups
    retrieve: Route  # GET /organization/groups/{group_id}
    roles: AdminOrganizationGroupsRoles
    update: Route  # POST /organization/groups/{group_id}
    users: AdminOrganizationGroupsUsers

class AdminOrganizationInvites(Resource):
    create: Route  # POST /organization/invites
    delete: Route  # DELETE /organization/invites/{invite_id}
    list: Route  # GET /organization/invites
    retrieve: Route  # GET /organization/invites/{invite_id}

class AdminOrganizationProjectsApiKeys(Resource):
    delete: Route  # DELETE /organization/projects/{project_id}/api_keys/{api_key_id}
    list: Route  # GET /organization/projects/{project_id}/api_keys
    retrieve: Route  # GET /organization/projects/{project_id}/api_keys/{api_key_id}
    update: Route  # POST /organization/projects/{project_id}/api_keys/{api_key_id}

class AdminOrganizationProjectsCertificates(Resource):
    activate: Route  # POST /organization/projects/{project_id}/certificates/activate
    deactivate: Route  # POST /organization/projects/{project_id}/certificates/deactivate
    list: Route  # GET /organization/projects/{project_id}/certificates

class AdminOrganizationProjectsDataRetention(Resource):
    retrieve: Route  # GET /organization/projects/{project_id}/data_retention
    update: Route  # POST /organization/projects/{project_id}/data_retention

class AdminOrganizationProjectsGroupsRoles(Resource):
    create: Route  # POST /projects/{project_id}/groups/{group_id}/roles
    delete: Route  # DELETE /projects/{project_id}/groups/{group_id}/roles/{role_id}
    list: Route  # GET /projects/{project_id}/groups/{group_id}/roles
    retrieve: Route  # GET /projects/{project_id}/groups/{group_id}/roles/{role_id}

class AdminOrganizationProjectsGroups(Resource):
    create: Route  # POST /organization/projects/{project_id}/groups
    delete: Route  # DELETE /organization/projects/{project_id}/groups/{group_id}
    list: Route  # GET /organization/projects/{project_id}/groups
    retrieve: Route  # GET /organization/projects/{project_id}/groups/{group_id}
    roles: AdminOrganizationProjectsGroupsRoles

class AdminOrganizationProjectsHostedToolPermissions(Resource):
    retrieve: Route  # GET /organization/projects/{project_id}/hosted_tool_permissions
    update: Route  # POST /organization/projects/{project_id}/hosted_tool_permissions

class AdminOrganizationProjectsModelPermissions(Resource):
    delete: Route  # DELETE /organization/projects/{project_id}/model_permissions
    retrieve: Route  # GET /organization/projects/{project_id}/model_permissions
    update: Route  # POST /organization/projects/{project_id}/model_permissions

class AdminOrganizationProjectsRateLimits(Resource):
    list_rate_limits: Route  # GET /organization/projects/{project_id}/rate_limits
    update_rate_limit: Route  # POST /organization/projects/{project_id}/rate_limits/{rate_limit_id}

class AdminOrganizationProjectsRoles(Resource):
    create: Route  # POST /projects/{project_id}/roles
    delete: Route  # DELETE /projects/{project_id}/roles/{role_id}
    list: Route  # GET /projects/{project_id}/roles
    retrieve: Route  # GET /projects/{project_id}/roles/{role_id}
    update: Route  # POST /projects/{project_id}/roles/{role_id}

class AdminOrganizationProjectsServiceAccountsApiKeys(Resource):
    create: Route  # POST /organization/projects/{project_id}/service_accounts/{service_account_id}/api_keys

class AdminOrganizationProjectsServiceAccounts(Resource):
    api_keys: AdminOrganizationProjectsServiceAccountsApiKeys
    create: Route  # POST /organization/projects/{project_id}/service_accounts
    delete: Route  # DELETE /organization/projects/{project_id}/service_accounts/{service_account_id}
    list: Route  # GET /organization/projects/{project_id}/service_accounts
    retrieve: Route  # GET /organization/projects/{project_id}/service_accounts/{service_account_id}
    update: Route  # POST /organization/projects/{project_id}/service_accounts/{service_account_id}

class AdminOrganizationProjectsServiceTierSettings(Resource):
    retrieve: Route  # GET /organization/projects/{project_id}/service_tier_settings
    update: Route  # POST /organization/projects/{project_id}/service_tier_settings

class AdminOrganizationProjectsSpendAlerts(Resource):
    create: Route  # POST /organization/projects/{project_id}/spend_alerts
    delete: Route  # DELETE /organization/projects/{project_id}/spend_alerts/{alert_id}
    list: Route  # GET /organization/projects/{project_id}/spend_alerts
    retrieve: Route  # GET /organization/projects/{project_id}/spend_alerts/{alert_id}
    update: Route  # POST /organization/projects/{project_id}/spend_alerts/{alert_id}

class AdminOrganizationProjectsSpendLimit(Resource):
    delete: Route  # DELETE /organization/projects/{project_id}/spend_limit
    retrieve: Route  # GET /organization/projects/{project_id}/spend_limit
    update: Route  # POST /organization/projects/{project_id}/spend_limit

class AdminOrganizationProjectsUsersRoles(Resource):
    create: Route  # POST /projects/{project_id}/users/{user_id}/roles
    delete: Route  # DELETE /projects/{project_id}/users/{user_id}/roles/{role_id}
    list: Route  # GET /projects/{project_id}/users/{user_id}/roles
    retrieve: Route  # GET /projects/{project_id}/users/{user_id}/roles/{role_id}

class AdminOrganizationProjectsUsers(Resource):
    create: Route  # POST /organization/projects/{project_id}/users
    delete: Route  # DELETE /organization/projects/{project_id}/users/{user_id}
    list: Route  # GET /organization/projects/{project_id}/users
    retrieve: Route  # GET /organization/projects/{project_id}/users/{user_id}
    roles: AdminOrganizationProjectsUsersRoles
    update: Route  # POST /organization/projects/{project_id}/users/{user_id}

class AdminOrganizationProjects(Resource):
    api_keys: AdminOrganizationProjectsApiKeys
    archive: Route  # POST /organization/projects/{project_id}/archive
    certificates: AdminOrganizationProjectsCertificates
    create: Route  # POST /organization/projects
    data_retention: AdminOrganizationProjectsDataRetention
    groups: AdminOrganizationProjectsGroups
    hosted_tool_permissions: AdminOrganizationProjectsHostedToolPermissions
    list: Route  # GET /organization/projects
    model_permissions: AdminOrganizationProjectsModelPermissions
    rate_limits: AdminOrganizationProjectsRateLimits
    retrieve: Route  # GET /organization/projects/{project_id}
    roles: AdminOrganizationProjectsRoles
    service_accounts: AdminOrganizationProjectsServiceAccounts
    service_tier_settings: AdminOrganizationProjectsServiceTierSettings
    spend_alerts: AdminOrganizationProjectsSpendAlerts
    spend_limit: AdminOrganizationProjectsSpendLimit
    update: Route  # POST /organization/projects/{project_id}
    users: AdminOrganizationProjectsUsers

class AdminOrganizationRoles(Resource):
    create: Route  # POST /organization/roles
    delete: Route  # DELETE /organization/roles/{role_id}
    list: Route  # GET /organization/roles
    retrieve: Route  # GET /organization/roles/{role_id}
    update: Route  # POST /organization/roles/{role_id}

class AdminOrganizationSpendAlerts(Resource):
    create: Route  # POST /organization/spend_alerts
    delete: Route  # DELETE /organization/spend_alerts/{alert_id}
    list: Route  # GET /organization/spend_alerts
    retrieve: Route  # GET /organization/spend_alerts/{alert_id}
    update: Route  # POST /organization/spend_alerts/{alert_id}

class AdminOrganizationSpendLimit(Resource):
    delete: Route  # DELETE /organization/spend_limit
    retrieve: Route  # GET /organization/spend_limit
    update: Route  # POST /organization/spend_limit

class AdminOrganizationUsage(Resource):
    audio_speeches: Route  # GET /organization/usage/audio_speeches
    audio_transcriptions: Route  # GET /organization/usage/audio_transcriptions
    code_interpreter_sessions: Route  # GET /organization/usage/code_interpreter_sessions
    completions: Route  # GET /organization/usage/completions
    costs: Route  # GET /organization/costs
    decisions: Route  # GET /organization/usage/decisions
    embeddings: Route  # GET /organization/usage/embeddings
    file_search_calls: Route  # GET /organization/usage/file_search_calls
    images: Route  # GET /organization/usage/images
    moderations: Route  # GET /organization/usage/moderations
    vector_stores: Route  # GET /organization/usage/vector_stores
    web_search_calls: Route  # GET /organization/usage/web_search_calls

class AdminOrganizationUsersRoles(Resource):
    create: Route  # POST /organization/users/{user_id}/roles
    delete: Route  # DELETE /organization/users/{user_id}/roles/{role_id}
    list: Route  # GET /organization/users/{user_id}/roles
    retrieve: Route  # GET /organization/users/{user_id}/roles/{role_id}

class AdminOrganizationUsers(Resource):
    delete: Route  # DELETE /organization/users/{user_id}
    list: Route  # GET /organization/users
    retrieve: Route  # GET /organization/users/{user_id}
    roles: AdminOrganizationUsersRoles
    update: Route  # POST /organization/users/{user_id}

class AdminOrganizationWorkloadIdentityProvidersFederationRules(Resource):
    create: Route  # POST /organization/workload_identity_providers/{workload_identity_provider_id}/federation_rules
    delete: Route
    list: Route  # GET /organization/workload_identity_providers/{workload_identity_provider_id}/federation_rules
    retrieve: Route
    update: Route

class AdminOrganizationWorkloadIdentityProviders(Resource):
    create: Route  # POST /organization/workload_identity_providers
    delete: Route  # DELETE /organization/workload_identity_providers/{workload_identity_provider_id}
    federation_rules: AdminOrganizationWorkloadIdentityProvidersFederationRules
    list: Route  # GET /organization/workload_identity_providers
    retrieve: Route  # GET /organization/workload_identity_providers/{workload_identity_provider_id}
    update: Route  # POST /organization/workload_identity_providers/{workload_identity_provider_id}

class AdminOrganization(Resource):
    admin_api_keys: AdminOrganizationAdminApiKeys
    audit_logs: AdminOrganizationAuditLogs
    certificates: AdminOrganizationCertificates
    data_retention: AdminOrganizationDataRetention
    external_keys: AdminOrganizationExternalKeys
    external_storage: AdminOrganizationExternalStorage
    groups: AdminOrganizationGroups
    invites: AdminOrganizationInvites
    projects: AdminOrganizationProjects
    roles: AdminOrganizationRoles
    spend_alerts: AdminOrganizationSpendAlerts
    spend_limit: AdminOrganizationSpendLimit
    usage: AdminOrganizationUsage
    users: AdminOrganizationUsers
    workload_identity_providers: AdminOrganizationWorkloadIdentityProviders

class Admin(Resource):
    organization: AdminOrganization

class AudioSpeech(Resource):
    create: Route  # POST /audio/speech

class AudioTranscriptions(Resource):
    create: Route  # POST /audio/transcriptions

class AudioTranslations(Resource):
    create: Route  # POST /audio/translations

class AudioVoiceConsents(Resource):
    create: Route  # POST /audio/voice_consents
    delete: Route  # DELETE /audio/voice_consents/{consent_id}
    list: Route  # GET /audio/voice_consents
    retrieve: Route  # GET /audio/voice_consents/{consent_id}
    update: Route  # POST /audio/voice_consents/{consent_id}

class AudioVoices(Resource):
    create: Route  # POST /audio/voices
    delete: Route  # DELETE /audio/voices/{voice_id}

class Audio(Resource):
    speech: AudioSpeech
    transcriptions: AudioTranscriptions
    translations: AudioTranslations
    voice_consents: AudioVoiceConsents
    voices: AudioVoices

class Batches(Resource):
    cancel: Route  # POST /batches/{batch_id}/cancel
    create: Route  # POST /batches
    list: Route  # GET /batches
    retrieve: Route  # GET /batches/{batch_id}

class BetaAgentsAutomationsInvocations(Resource):
    create: Route  # POST /agents/automations/{automation_id}/invocations
    list: Route  # GET /agents/automations/{automation_id}/invocations
    retrieve: Route  # GET /agents/automations/{automation_id}/invocations/{invocation_id}

class BetaAgentsAutomations(Resource):
    create: Route  # POST /agents/automations
    delete: Route  # DELETE /agents/automations/{automation_id}
    invocations: BetaAgentsAutomationsInvocations
    list: Route  # GET /agents/automations
    pause: Route  # POST /agents/automations/{automation_id}/pause
    resume: Route  # POST /agents/automations/{automation_id}/resume
    retrieve: Route  # GET /agents/automations/{automation_id}
    update: Route  # POST /agents/automations/{automation_id}

class BetaAgentsEnvironmentsFiles(Resource):
    create: Route  # POST /agents/environments/{environment_id}/files
    list: Route  # GET /agents/environments/{environment_id}/files

class BetaAgentsEnvironmentsTemplates(Resource):
    create: Route  # POST /agents/environments/templates
    delete: Route  # DELETE /agents/environments/templates/{environment_template_id}
    list: Route  # GET /agents/environments/templates
    retrieve: Route  # GET /agents/environments/templates/{environment_template_id}
    update: Route  # POST /agents/environments/templates/{environment_template_id}

class BetaAgentsEnvironments(Resource):
    create: Route  # POST /agents/environments
    files: BetaAgentsEnvironmentsFiles
    list: Route  # GET /agents/environments
    retrieve: Route  # GET /agents/environments/{environment_id}
    templates: BetaAgentsEnvironmentsTemplates

class BetaAgentsSessionsArtifacts(Resource):
    content: Route  # GET /agents/sessions/{session_id}/artifacts/{artifact_id}/content
    delete: Route  # DELETE /agents/sessions/{session_id}/artifacts/{artifact_id}
    list: Route  # GET /agents/sessions/{session_id}/artifacts
    retrieve: Route  # GET /agents/sessions/{session_id}/artifacts/{artifact_id}

class BetaAgentsSessionsEvents(Resource):
    create: Route  # POST /agents/sessions/{session_id}/events
    stream: Route  # GET /agents/sessions/{session_id}/events

class BetaAgentsSessionsItems(Resource):
    list: Route  # GET /agents/sessions/{session_id}/items

class BetaAgentsSessionsSubagentsItems(Resource):
    list: Route  # GET /agents/sessions/{session_id}/subagents/{subagent_id}/items

class BetaAgentsSessionsSubagentsTurnsItems(Resource):
    list: Route  # GET /agents/sessions/{session_id}/subagents/{subagent_id}/turns/{turn_id}/items

class BetaAgentsSessionsSubagentsTurns(Resource):
    items: BetaAgentsSessionsSubagentsTurnsItems
    list: Route  # GET /agents/sessions/{session_id}/subagents/{subagent_id}/turns
    retrieve: Route  # GET /agents/sessions/{session_id}/subagents/{subagent_id}/turns/{turn_id}

class BetaAgentsSessionsSubagents(Resource):
    items: BetaAgentsSessionsSubagentsItems
    list: Route  # GET /agents/sessions/{session_id}/subagents
    retrieve: Route  # GET /agents/sessions/{session_id}/subagents/{subagent_id}
    turns: BetaAgentsSessionsSubagentsTurns

class BetaAgentsSessionsTraces(Resource):
    list: Route  # GET /agents/sessions/{session_id}/traces

class BetaAgentsSessionsTurnsItems(Resource):
    list: Route  # GET /agents/sessions/{session_id}/turns/{turn_id}/items

class BetaAgentsSessionsTurns(Resource):
    items: BetaAgentsSessionsTurnsItems
    list: Route  # GET /agents/sessions/{session_id}/turns
    retrieve: Route  # GET /agents/sessions/{session_id}/turns/{turn_id}

class BetaAgentsSessions(Resource):
    artifacts: BetaAgentsSessionsArtifacts
    create: Route  # POST /agents/sessions
    delete: Route  # DELETE /agents/sessions/{session_id}
    events: BetaAgentsSessionsEvents
    items: BetaAgentsSessionsItems
    list: Route  # GET /agents/sessions
    retrieve: Route  # GET /agents/sessions/{session_id}
    subagents: BetaAgentsSessionsSubagents
    traces: BetaAgentsSessionsTraces
    turns: BetaAgentsSessionsTurns
    update: Route  # POST /agents/sessions/{session_id}

class BetaAgentsVaultsCredentials(Resource):
    create: Route  # POST /vaults/{vault_id}/credentials
    delete: Route  # DELETE /vaults/{vault_id}/credentials/{credential_id}
    list: Route  # GET /vaults/{vault_id}/credentials
    retrieve: Route  # GET /vaults/{vault_id}/credentials/{credential_id}
    update: Route  # POST /vaults/{vault_id}/credentials/{credential_id}

class BetaAgentsVaults(Resource):
    create: Route  # POST /vaults
    credentials: BetaAgentsVaultsCredentials
    delete: Route  # DELETE /vaults/{vault_id}
    list: Route  # GET /vaults
    retrieve: Route  # GET /vaults/{vault_id}
    update: Route  # POST /vaults/{vault_id}

class BetaAgents(Resource):
    automations: BetaAgentsAutomations
    create: Route  # POST /agents
    delete: Route  # DELETE /agents/{agent_id}
    environments: BetaAgentsEnvironments
    list: Route  # GET /agents
    retrieve: Route  # GET /agents/{agent_id}
    sessions: BetaAgentsSessions
    update: Route  # POST /agents/{agent_id}
    vaults: BetaAgentsVaults

class BetaAssistants(Resource):
    create: Route  # POST /assistants
    delete: Route  # DELETE /assistants/{assistant_id}
    list: Route  # GET /assistants
    retrieve: Route  # GET /assistants/{assistant_id}
    update: Route  # POST /assistants/{assistant_id}

class BetaChatCompletionsMessages(Resource):
    list: Route  # GET /chat/completions/{completion_id}/messages

class BetaChatCompletions(Resource):
    create: Route  # POST /chat/completions
    delete: Route  # DELETE /chat/completions/{completion_id}
    list: Route  # GET /chat/completions
    messages: BetaChatCompletionsMessages
    retrieve: Route  # GET /chat/completions/{completion_id}
    update: Route  # POST /chat/completions/{completion_id}

class BetaChat(Resource):
    completions: BetaChatCompletions

class BetaChatkitSessions(Resource):
    cancel: Route  # POST /chatkit/sessions/{session_id}/cancel
    create: Route  # POST /chatkit/sessions

class BetaChatkitThreads(Resource):
    delete: Route  # DELETE /chatkit/threads/{thread_id}
    list: Route  # GET /chatkit/threads
    list_items: Route  # GET /chatkit/threads/{thread_id}/items
    retrieve: Route  # GET /chatkit/threads/{thread_id}

class BetaChatkit(Resource):
    sessions: BetaChatkitSessions
    threads: BetaChatkitThreads

class BetaRealtimeSessions(Resource):
    create: Route  # POST /realtime/sessions

class BetaRealtimeTranscriptionSessions(Resource):
    create: Route  # POST /realtime/transcription_sessions

class BetaRealtime(Resource):
    sessions: BetaRealtimeSessions
    transcription_sessions: BetaRealtimeTranscriptionSessions

class BetaResponsesInputItems(Resource):
    list: Route  # GET /responses/{response_id}/input_items

class BetaResponsesInputTokens(Resource):
    count: Route  # POST /responses/input_tokens

class BetaResponses(Resource):
    cancel: Route  # POST /responses/{response_id}/cancel
    compact: Route  # POST /responses/compact
    create: Route  # POST /responses
    delete: Route  # DELETE /responses/{response_id}
    input_items: BetaResponsesInputItems
    input_tokens: BetaResponsesInputTokens
    retrieve: Route  # GET /responses/{response_id}

class BetaThreadsMessages(Resource):
    create: Route  # POST /threads/{thread_id}/messages
    delete: Route  # DELETE /threads/{thread_id}/messages/{message_id}
    list: Route  # GET /threads/{thread_id}/messages
    retrieve: Route  # GET /threads/{thread_id}/messages/{message_id}
    update: Route  # POST /threads/{thread_id}/messages/{message_id}

class BetaThreadsRunsSteps(Resource):
    list: Route  # GET /threads/{thread_id}/runs/{run_id}/steps
    retrieve: Route  # GET /threads/{thread_id}/runs/{run_id}/steps/{step_id}

class BetaThreadsRuns(Resource):
    cancel: Route  # POST /threads/{thread_id}/runs/{run_id}/cancel
    create: Route  # POST /threads/{thread_id}/runs
    list: Route  # GET /threads/{thread_id}/runs
    retrieve: Route  # GET /threads/{thread_id}/runs/{run_id}
    steps: BetaThreadsRunsSteps
    submit_tool_outputs: Route  # POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs
    update: Route  # POST /threads/{thread_id}/runs/{run_id}

class BetaThreads(Resource):
    create: Route  # POST /threads
    create_and_run: Route  # POST /threads/runs
    delete: Route  # DELETE /threads/{thread_id}
    messages: BetaThreadsMessages
    retrieve: Route  # GET /threads/{thread_id}
    runs: BetaThreadsRuns
    update: Route  # POST /threads/{thread_id}

class Beta(Resource):
    agents: BetaAgents
    assistants: BetaAssistants
    chat: BetaChat
    chatkit: BetaChatkit
    realtime: BetaRealtime
    responses: BetaResponses
    threads: BetaThreads

class ChatCompletionsMessages(Resource):
    list: Route  # GET /chat/completions/{completion_id}/messages

class ChatCompletions(Resource):
    create: Route  # POST /chat/completions
    delete: Route  # DELETE /chat/completions/{completion_id}
    list: Route  # GET /chat/completions
    messages: ChatCompletionsMessages
    retrieve: Route  # GET /chat/completions/{completion_id}
    update: Route  # POST /chat/completions/{completion_id}

class Chat(Resource):
    completions: ChatCompletions

class Completions(Resource):
    create: Route  # POST /completions

class ContainersFilesContent(Resource):
    retrieve: Route  # GET /containers/{container_id}/files/{file_id}/content

class ContainersFiles(Resource):
    content: ContainersFilesContent
    create: Route  # POST /containers/{container_id}/files
    delete: Route  # DELETE /containers/{container_id}/files/{file_id}
    list: Route  # GET /containers/{container_id}/files
    retrieve: Route  # GET /containers/{container_id}/files/{file_id}

class Containers(Resource):
    create: Route  # POST /containers
    delete: Route  # DELETE /containers/{container_id}
    files: ContainersFiles
    list: Route  # GET /containers
    retrieve: Route  # GET /containers/{container_id}

class ContentProvenanceChecks(Resource):
    create: Route  # POST /content_provenance_checks

class ConversationsItems(Resource):
    create: Route  # POST /conversations/{conversation_id}/items
    delete: Route  # DELETE /conversations/{conversation_id}/items/{item_id}
    list: Route  # GET /conversations/{conversation_id}/items
    retrieve: Route  # GET /conversations/{conversation_id}/items/{item_id}

class Conversations(Resource):
    create: Route  # POST /conversations
    delete: Route  # DELETE /conversations/{conversation_id}
    items: ConversationsItems
    retrieve: Route  # GET /conversations/{conversation_id}
    update: Route  # POST /conversations/{conversation_id}

class Decisions(Resource):
    create: Route  # POST /decisions

class Embeddings(Resource):
    create: Route  # POST /embeddings

class EvalsRunsOutputItems(Resource):
    list: Route  # GET /evals/{eval_id}/runs/{run_id}/output_items
    retrieve: Route  # GET /evals/{eval_id}/runs/{run_id}/output_items/{output_item_id}

class EvalsRuns(Resource):
    cancel: Route  # POST /evals/{eval_id}/runs/{run_id}/cancel
    create: Route  # POST /evals/{eval_id}/runs
    delete: Route  # DELETE /evals/{eval_id}/runs/{run_id}
    list: Route  # GET /evals/{eval_id}/runs
    output_items: EvalsRunsOutputItems
    retrieve: Route  # GET /evals/{eval_id}/runs/{run_id}

class Evals(Resource):
    create: Route  # POST /evals
    delete: Route  # DELETE /evals/{eval_id}
    list: Route  # GET /evals
    retrieve: Route  # GET /evals/{eval_id}
    runs: EvalsRuns
    update: Route  # POST /evals/{eval_id}

class Files(Resource):
    content: Route  # GET /files/{file_id}/content
    create: Route  # POST /files
    delete: Route  # DELETE /files/{file_id}
    list: Route  # GET /files
    retrieve: Route  # GET /files/{file_id}
    retrieve_content: Route  # GET /files/{file_id}/content

class FineTuningAlphaGraders(Resource):
    run: Route  # POST /fine_tuning/alpha/graders/run
    validate: Route  # POST /fine_tuning/alpha/graders/validate

class FineTuningAlpha(Resource):
    graders: FineTuningAlphaGraders

class FineTuningCheckpointsPermissions(Resource):
    create: Route  # POST /fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions
    delete: Route  # DELETE /fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions/{permission_id}
    list: Route  # GET /fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions
    retrieve: Route  # GET /fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions

class FineTuningCheckpoints(Resource):
    permissions: FineTuningCheckpointsPermissions

class FineTuningJobsCheckpoints(Resource):
    list: Route  # GET /fine_tuning/jobs/{fine_tuning_job_id}/checkpoints

class FineTuningJobs(Resource):
    cancel: Route  # POST /fine_tuning/jobs/{fine_tuning_job_id}/cancel
    checkpoints: FineTuningJobsCheckpoints
    create: Route  # POST /fine_tuning/jobs
    list: Route  # GET /fine_tuning/jobs
    list_events: Route  # GET /fine_tuning/jobs/{fine_tuning_job_id}/events
    pause: Route  # POST /fine_tuning/jobs/{fine_tuning_job_id}/pause
    resume: Route  # POST /fine_tuning/jobs/{fine_tuning_job_id}/resume
    retrieve: Route  # GET /fine_tuning/jobs/{fine_tuning_job_id}

class FineTuning(Resource):
    alpha: FineTuningAlpha
    checkpoints: FineTuningCheckpoints
    jobs: FineTuningJobs

class Images(Resource):
    create_variation: Route  # POST /images/variations
    edit: Route  # POST /images/edits
    generate: Route  # POST /images/generations

class LiveSessions(Resource):
    accept: Route  # POST /live/sessions/{session_id}/accept
    download_recording: Route  # GET /live/sessions/{session_id}/content
    fork: Route  # POST /live/sessions/{session_id}/fork
    hangup: Route  # POST /live/sessions/{session_id}/hangup
    refer: Route  # POST /live/sessions/{session_id}/refer
    reject: Route  # POST /live/sessions/{session_id}/reject

class Live(Resource):
    create: Route  # POST /live/sessions
    sessions: LiveSessions

class Models(Resource):
    delete: Route  # DELETE /models/{model}
    list: Route  # GET /models
    retrieve: Route  # GET /models/{model}

class Moderations(Resource):
    create: Route  # POST /moderations

class RealtimeCalls(Resource):
    accept: Route  # POST /realtime/calls/{call_id}/accept
    create: Route  # POST /realtime/calls
    hangup: Route  # POST /realtime/calls/{call_id}/hangup
    refer: Route  # POST /realtime/calls/{call_id}/refer
    reject: Route  # POST /realtime/calls/{call_id}/reject

class RealtimeClientSecrets(Resource):
    create: Route  # POST /realtime/client_secrets

class RealtimeTranslationsClientSecrets(Resource):
    create: Route  # POST /realtime/translations/client_secrets

class RealtimeTranslations(Resource):
    client_secrets: RealtimeTranslationsClientSecrets

class Realtime(Resource):
    calls: RealtimeCalls
    client_secrets: RealtimeClientSecrets
    translations: RealtimeTranslations

class ResponsesInputItems(Resource):
    list: Route  # GET /responses/{response_id}/input_items

class ResponsesInputTokens(Resource):
    count: Route  # POST /responses/input_tokens

class Responses(Resource):
    cancel: Route  # POST /responses/{response_id}/cancel
    compact: Route  # POST /responses/compact
    create: Route  # POST /responses
    delete: Route  # DELETE /responses/{response_id}
    input_items: ResponsesInputItems
    input_tokens: ResponsesInputTokens
    retrieve: Route  # GET /responses/{response_id}

class SafetyAlerts(Resource):
    retrieve: Route  # GET /safety/alerts/{id}

class SafetyCases(Resource):
    retrieve: Route  # GET /safety/cases/{id}

class Safety(Resource):
    alerts: SafetyAlerts
    cases: SafetyCases

class SkillsContent(Resource):
    retrieve: Route  # GET /skills/{skill_id}/content

class SkillsVersionsContent(Resource):
    retrieve: Route  # GET /skills/{skill_id}/versions/{version}/content

class SkillsVersions(Resource):
    content: SkillsVersionsContent
    create: Route  # POST /skills/{skill_id}/versions
    delete: Route  # DELETE /skills/{skill_id}/versions/{version}
    list: Route  # GET /skills/{skill_id}/versions
    retrieve: Route  # GET /skills/{skill_id}/versions/{version}

class Skills(Resource):
    content: SkillsContent
    create: Route  # POST /skills
    delete: Route  # DELETE /skills/{skill_id}
    list: Route  # GET /skills
    retrieve: Route  # GET /skills/{skill_id}
    update: Route  # POST /skills/{skill_id}
    versions: SkillsVersions

class UploadsParts(Resource):
    create: Route  # POST /uploads/{upload_id}/parts

class Uploads(Resource):
    cancel: Route  # POST /uploads/{upload_id}/cancel
    complete: Route  # POST /uploads/{upload_id}/complete
    create: Route  # POST /uploads
    parts: UploadsParts

class VectorStoresFileBatches(Resource):
    cancel: Route  # POST /vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel
    create: Route  # POST /vector_stores/{vector_store_id}/file_batches
    list_files: Route  # GET /vector_stores/{vector_store_id}/file_batches/{batch_id}/files
    retrieve: Route  # GET /vector_stores/{vector_store_id}/file_batches/{batch_id}

class VectorStoresFiles(Resource):
    content: Route  # GET /vector_stores/{vector_store_id}/files/{file_id}/content
    create: Route  # POST /vector_stores/{vector_store_id}/files
    delete: Route  # DELETE /vector_stores/{vector_store_id}/files/{file_id}
    list: Route  # GET /vector_stores/{vector_store_id}/files
    retrieve: Route  # GET /vector_stores/{vector_store_id}/files/{file_id}
    update: Route  # POST /vector_stores/{vector_store_id}/files/{file_id}

class VectorStores(Resource):
    create: Route  # POST /vector_stores
    delete: Route  # DELETE /vector_stores/{vector_store_id}
    file_batches: VectorStoresFileBatches
    files: VectorStoresFiles
    list: Route  # GET /vector_stores
    retrieve: Route  # GET /vector_stores/{vector_store_id}
    search: Route  # POST /vector_stores/{vector_store_id}/search
    update: Route  # POST /vector_stores/{vector_store_id}

class Videos(Resource):
    create: Route  # POST /videos
    create_character: Route  # POST /videos/characters
    delete: Route  # DELETE /videos/{video_id}
    download_content: Route  # GET /videos/{video_id}/content
    edit: Route  # POST /videos/edits
    extend: Route  # POST /videos/extensions
    get_character: Route  # GET /videos/characters/{character_id}
    list: Route  # GET /videos
    remix: Route  # POST /videos/{video_id}/remix
    retrieve: Route  # GET /videos/{video_id}

class WebhooksEventTypes(Resource):
    list: Route  # GET /webhook_event_types

class Webhooks(Resource):
    create: Route  # POST /webhook_endpoints
    delete: Route  # DELETE /webhook_endpoints/{webhook_endpoint_id}
    event_types: WebhooksEventTypes
    list: Route  # GET /webhook_endpoints
    retrieve: Route  # GET /webhook_endpoints/{webhook_endpoint_id}
    rotate_secret: Route  # POST /webhook_endpoints/{webhook_endpoint_id}/rotate_secret
    test: Route  # POST /webhook_endpoints/{webhook_endpoint_id}/test
    update: Route  # POST /webhook_endpoints/{webhook_endpoint_id}

class Accessors:
    admin: Admin
    audio: Audio
    batches: Batches
    beta: Beta
    chat: Chat
    completions: Completions
    containers: Containers
    content_provenance_checks: ContentProvenanceChecks
    conversations: Conversations
    decisions: Decisions
    embeddings: Embeddings
    evals: Evals
    files: Files
    fine_tuning: FineTuning
    images: Images
    live: Live
    models: Models
    moderations: Moderations
    realtime: Realtime
    responses: Responses
    safety: Safety
    skills: Skills
    uploads: Uploads
    vector_stores: VectorStores
    videos: Videos
    webhooks: Webhooks
    def _names(self) -> Mapping[str, Any]: ...
    def _reach(self) -> Reach: ...
