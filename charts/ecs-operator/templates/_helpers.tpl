{{- /* Name that stands for the chart in labels. */ -}}
{{- define "ecs-operator.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* Name of the chart's objects. */ -}}
{{- define "ecs-operator.fullname" -}}
{{- $name := include "ecs-operator.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* Namespace of the chart's objects. */ -}}
{{- define "ecs-operator.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end -}}

{{- /* What selects the Pods. It can never change in a Deployment that exists. */ -}}
{{- define "ecs-operator.selector" -}}
app.kubernetes.io/name: {{ include "ecs-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ecs-operator.labels" -}}
{{ include "ecs-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* Name, namespace, labels and annotations of an object: (list $ NAME NAMESPACE LABELS ANNOTATIONS). Without a namespace
it is of the whole cluster; labels and annotations are the object's own. */ -}}
{{- define "ecs-operator.metadata" -}}
{{- $ := index . 0 -}}
name: {{ index . 1 }}
{{- with index . 2 }}
namespace: {{ . }}
{{- end }}
labels:
  {{- $labels := fromYaml (include "ecs-operator.labels" $) }}
  {{- toYaml (merge (dict) $labels (index . 3) $.Values.commonLabels) | nindent 2 }}
{{- with merge (dict) (index . 4) $.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "ecs-operator.serviceAccount" -}}
{{- if not (or .Values.serviceAccount.create .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.create is false and serviceAccount.name is empty. Name the ServiceAccount that exists." -}}
{{- end -}}
{{- .Values.serviceAccount.name | default (include "ecs-operator.fullname" .) -}}
{{- end -}}

{{- define "ecs-operator.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- /* What the operator does with objects of its own kinds, wherever it watches. */ -}}
{{- define "ecs-operator.rules" -}}
- apiGroups: [ecs-operator.dev]
  resources: [ecsclusters, ecstaskdefinitions, ecsservices]
  verbs: [get, list, watch, patch]
- apiGroups: [ecs-operator.dev]
  resources: [ecsclusters/status, ecstaskdefinitions/status, ecsservices/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{- /* Where a monitor that is in another namespace finds its targets. */ -}}
{{- define "ecs-operator.targets" -}}
{{- $own := include "ecs-operator.namespace" (index . 0) -}}
{{- $namespace := (index . 1).namespace | default $own -}}
{{- if ne $namespace $own -}}
namespaceSelector:
  matchNames: [{{ $own }}]
{{- end -}}
{{- end -}}

{{- /* What ServiceMonitor and PodMonitor say of an endpoint, from their values. */ -}}
{{- define "ecs-operator.endpoint" -}}
port: metrics
path: /metrics
{{- with .interval }}
interval: {{ . }}
{{- end }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The port of a URL: the one that it names, else its scheme's. */}}
{{- define "ecs-operator.portOf" -}}
{{- $url := urlParse . -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (ternary "443" "80" (eq $url.scheme "https")) -}}
{{- end -}}
