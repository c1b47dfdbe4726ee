{{- define "trimtab.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 50 characters, so that the suffixes of pods and jobs still fit into 63. */}}
{{- define "trimtab.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "trimtab.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "trimtab.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Never changes between versions: selectors are immutable. */}}
{{- define "trimtab.selector" -}}
app.kubernetes.io/name: {{ include "trimtab.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "trimtab.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "trimtab.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "trimtab.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "trimtab.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "trimtab.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "trimtab.claim" -}}
{{- default (printf "%s-data" (include "trimtab.fullname" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{/* "true" where api pods answer besides the runner. */}}
{{- define "trimtab.hasApi" -}}
{{- if or .Values.api.autoscaling.enabled (gt (int .Values.api.replicas) 0) -}}true{{- end -}}
{{- end -}}

{{/* The least number of api pods that there should be. */}}
{{- define "trimtab.apiReplicas" -}}
{{- if .Values.api.autoscaling.enabled -}}{{ .Values.api.autoscaling.minReplicas }}{{- else -}}{{ .Values.api.replicas }}{{- end -}}
{{- end -}}

{{/* Which pods the Service and the test speak to. */}}
{{- define "trimtab.serving" -}}
{{- if include "trimtab.hasApi" . -}}api{{- else -}}runner{{- end -}}
{{- end -}}

{{/* What contradicts itself is refused before anything is made. */}}
{{- define "trimtab.check" -}}
{{- if not .Values.apiKey.existingSecret -}}
{{- fail "\n\napiKey.existingSecret is empty: the service does not listen to other pods without a key. Make one, and name it:\n  kubectl create secret generic trimtab --from-literal=api-key=$(openssl rand -hex 32)\n  --set apiKey.existingSecret=trimtab\n" -}}
{{- end -}}
{{- if include "trimtab.hasApi" . -}}
{{- if not .Values.database.existingSecret -}}
{{- fail "\n\napi pods need a database that all pods reach: set database.existingSecret, or api.replicas=0 and api.autoscaling.enabled=false\n" -}}
{{- end -}}
{{- if and (not .Values.persistence.enabled) (not .Values.objects.s3.uri) -}}
{{- fail "\n\napi pods read the adapters that the runner writes: set persistence.enabled=true, or objects.s3.uri\n" -}}
{{- end -}}
{{- if and (not .Values.objects.s3.uri) (not .Values.persistence.existingClaim) (ne .Values.persistence.accessMode "ReadWriteMany") -}}
{{- fail (printf "\n\napi pods share the volume of the runner: persistence.accessMode is %s and should be ReadWriteMany, or set objects.s3.uri\n" .Values.persistence.accessMode) -}}
{{- end -}}
{{- end -}}
{{- with .Values.objects.s3 -}}
{{- if and .uri (not (and .region .existingSecret)) -}}
{{- fail "\n\nobjects.s3.uri needs objects.s3.region and objects.s3.existingSecret\n" -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.migrations.mode "job") (not .Values.database.existingSecret) -}}
{{- fail "\n\nmigrations.mode=job needs a database of its own: set database.existingSecret; the embedded one is migrated when it starts\n" -}}
{{- end -}}
{{- range $name, $_ := .Values.env -}}
{{- if has $name (list "TRIMTAB_API_KEY" "TRIMTAB_DATA_DIR" "TRIMTAB_HOST" "TRIMTAB_PORT" "TRIMTAB_RUNS" "TRIMTAB_MIGRATE" "TRIMTAB_SECRET_KEY" "TRIMTAB_OBJECTS" "TRIMTAB_S3_ENDPOINT" "TRIMTAB_DATABASE_CONNECTIONS") -}}
{{- fail (printf "\n\nenv.%s: the chart sets it itself\n" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* "true" where an object of a kind that may be missing is to be made. Takes a dict: root, mode, kind. */}}
{{- define "trimtab.renders" -}}
{{- $known := .root.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" .kind) -}}
{{- if or $known (eq .mode "alwaysRender") -}}true
{{- else if eq .mode "failIfMissing" -}}
{{- fail (printf "\n\nthis cluster does not know monitoring.coreos.com/v1 %s: install the Prometheus operator, or set renderMode to skipIfMissing\n" .kind) -}}
{{- end -}}
{{- end -}}
