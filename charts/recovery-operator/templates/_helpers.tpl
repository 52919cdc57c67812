{{- define "recovery-operator.name" -}}
{{- printf "%s" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "recovery-operator.labels" -}}
app.kubernetes.io/name: recovery-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "recovery-operator.serviceAccount" -}}
{{- default (include "recovery-operator.name" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "recovery-operator.tag" -}}
{{- default .Chart.AppVersion .Values.image.tag -}}
{{- end -}}

{{- define "recovery-operator.authoritySecret" -}}
{{- default "recovery-operator-ca" .Values.enrolment.authoritySecret -}}
{{- end -}}

{{- define "recovery-operator.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* What the operator does with the objects that it watches: no verb that it does not use (a test runs it with exactly these). Specs are the users': patch is for finalizers. */}}
{{- define "recovery-operator.rules" -}}
- apiGroups: [recoveryoperator.io]
  resources: [recoverysites, recoveryhosts, recoveryvaults, replicationpolicies, protectedvms, recoveryplans, networkmaps, recoveryjobs]
  verbs: [list, watch]
- apiGroups: [recoveryoperator.io]
  resources: [recoverysites/status, recoveryhosts/status, recoveryvaults/status, replicationpolicies/status, protectedvms/status, recoveryplans/status, networkmaps/status, recoveryjobs/status]
  verbs: [patch]
- apiGroups: [recoveryoperator.io]
  resources: [protectedvms, recoveryhosts]
  verbs: [patch]
- apiGroups: [recoveryoperator.io]
  resources: [recoveryhosts]
  verbs: [get]
- apiGroups: [recoveryoperator.io]
  resources: [recoveryjobs]
  verbs: [get, create, delete]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get{{ if .Values.enrolment.enabled }}, create, update, delete{{ end }}]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
