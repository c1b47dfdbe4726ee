{{/* The pod of both kinds. Takes a dict: root, component (runner or api). */}}
{{- define "trimtab.pod" -}}
{{- $root := .root -}}
{{- $own := index $root.Values .component -}}
serviceAccountName: {{ include "trimtab.serviceAccountName" $root }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
# the service asks nothing of Kubernetes
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
{{- with $own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $own.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
containers:
  - name: trimtab
    image: {{ include "trimtab.image" $root }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    securityContext: {{- toYaml $root.Values.securityContext | nindent 6 }}
    env: {{- include "trimtab.env" . | nindent 6 }}
    ports:
      - {name: http, containerPort: 8080}
    # a first start makes a database, and any start may migrate one
    startupProbe:
      httpGet: {path: /health/live, port: http}
      periodSeconds: 2
      timeoutSeconds: 2
      failureThreshold: 300
    # never asks the database: one that is down must not get every pod killed
    livenessProbe:
      httpGet: {path: /health/live, port: http}
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      httpGet: {path: /health/ready, port: http}
      periodSeconds: 5
      timeoutSeconds: 3
      failureThreshold: 2
    lifecycle:
      preStop:
        sleep: {seconds: {{ $root.Values.preStopSeconds }}}
    resources: {{- toYaml $own.resources | nindent 6 }}
    volumeMounts:
      - {name: data, mountPath: /data}
      - {name: tmp, mountPath: /tmp}
      {{- if not $root.Values.database.existingSecret }}
      - {name: shm, mountPath: /dev/shm}
      {{- end }}
      {{- if $root.Values.models.existingClaim }}
      - {name: models, mountPath: /models, readOnly: true}
      {{- end }}
volumes:
  - name: data
    {{- if and $root.Values.persistence.enabled (not (and $root.Values.objects.s3.uri (eq .component "api"))) }}
    persistentVolumeClaim: {claimName: {{ include "trimtab.claim" $root }}}
    {{- else }}
    emptyDir: {}
    {{- end }}
  - name: tmp
    emptyDir: {}
  {{- if not $root.Values.database.existingSecret }}
  # PostgreSQL's parallel queries; a container has 64 MiB of its own
  - name: shm
    emptyDir: {medium: Memory, sizeLimit: 256Mi}
  {{- end }}
  {{- with $root.Values.models.existingClaim }}
  - name: models
    persistentVolumeClaim: {claimName: {{ . }}, readOnly: true}
  {{- end }}
{{- with $own.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Variables of both kinds, and of the job that migrates. Takes a dict: root, component. */}}
{{- define "trimtab.env" -}}
{{- $root := .root -}}
- {name: TRIMTAB_HOST, value: 0.0.0.0}
- {name: TRIMTAB_PORT, value: "8080"}
- {name: TRIMTAB_DATA_DIR, value: /data}
- name: TRIMTAB_API_KEY
  valueFrom: {secretKeyRef: {name: {{ $root.Values.apiKey.existingSecret }}, key: {{ $root.Values.apiKey.key }}}}
{{- if $root.Values.database.existingSecret }}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ $root.Values.database.existingSecret }}, key: {{ $root.Values.database.key }}}}
{{- end }}
{{- with $root.Values.objects.s3 }}
{{- if .uri }}
- {name: TRIMTAB_OBJECTS, value: {{ .uri | quote }}}
- {name: AWS_REGION, value: {{ .region | quote }}}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .accessKeyIdKey }}}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .secretAccessKeyKey }}}}
{{- if .endpoint }}
- {name: TRIMTAB_S3_ENDPOINT, value: {{ .endpoint | quote }}}
{{- end }}
{{- end }}
{{- end }}
{{- with $root.Values.secretKey.existingSecret }}
- name: TRIMTAB_SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $root.Values.secretKey.key }}}}
{{- end }}
- {name: TRIMTAB_DATABASE_CONNECTIONS, value: {{ $root.Values.database.connections | quote }}}
{{- if eq .component "api" }}
- {name: TRIMTAB_RUNS, value: "off"}
{{- end }}
{{- if eq $root.Values.migrations.mode "job" }}
- {name: TRIMTAB_MIGRATE, value: "off"}
{{- end }}
{{- range $name, $value := $root.Values.env }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- with $root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Metadata of a pod of a kind. Takes a dict: root, component. */}}
{{- define "trimtab.podMetadata" -}}
{{- $own := index .root.Values .component -}}
labels:
  {{- include "trimtab.labels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .component }}
  {{- with $own.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $own.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
