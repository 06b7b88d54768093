# Records of jitgate in the Open Cybersecurity Schema Framework, version 1.5.0. One line in, one event out:
#
#     jq -R -c -L etc/siem -f etc/siem/ocsf.jq audit.jsonl
include "jitgate";

# What each event is: [class, activity_id].
def kinds: {
  "agent-started":       ["application_lifecycle", 3],
  "agent-stopped":       ["application_lifecycle", 4],
  "policy-loaded":       ["device_config_state_change", 1],
  "policy-refused":      ["device_config_state_change", 1],
  "mode-changed":        ["device_config_state_change", 1],
  "clock-stepped":       ["device_config_state_change", 1],
  "clock-accepted":      ["device_config_state_change", 1],
  "grant-accepted":      ["entity_management", 1],
  "grant-refused":       ["entity_management", 1],
  "offers-refused":      ["entity_management", 1],
  "review-accepted":     ["entity_management", 3],
  "revocation-accepted": ["entity_management", 1],
  "bulletin-accepted":   ["entity_management", 1],
  "bar-lifted":          ["entity_management", 4],
  "grant-opened":        ["user_access", 1],
  "grant-closed":        ["user_access", 2],
  "grant-used":          ["network_activity", 1],
  "drain-ended":         ["network_activity", 2],
  "attempt-denied":      ["network_activity", 5],
  "attempts-summary":    ["network_activity", 6],
  "break-glass-opened":  ["detection_finding", 1],
  "tamper-detected":     ["detection_finding", 1],
  "tamper-repaired":     ["detection_finding", 3],
  "host-changed":        ["detection_finding", 1],
  "audit-rekeyed":       ["event_log_actvity", 99]
};

def uids: {
  event_log_actvity: 1008, detection_finding: 2004, entity_management: 3004, user_access: 3005, network_activity: 4001,
  device_config_state_change: 5019, application_lifecycle: 6002, base_event: 0
};

def product: {name: "jitgate", vendor_name: "jitgate", feature: {name: "jitgated"}};
def failed: .event | IN("policy-refused", "grant-refused", "offers-refused");
def device: {type_id: 1, hostname: .host, uid: .machine};
def grant: (.grants | join(", "));

# What a class has beyond what all have.
def of_class($class):
  if $class == "application_lifecycle" then {app: product}
  elif $class == "device_config_state_change" then {device: device}
    + (if .mode == "" then {state_id: 99, state: .event} else {state_id: (if .mode == "enforce" then 2 else 1 end), state: .mode} end)
  elif $class == "entity_management" then {
      entity: {type_id: 99, type: (if .event | test("^(revocation|bulletin|bar)") then "revocation" else "grant" end),
        uid: (if grant == "" then .fields.revocation // .fields.file // "unknown" | if type == "array" then join(", ") else . end else grant end)},
      comment: .fields.comment, actor: (if .actor == "" then null else {user: {name: .actor}} end)}
  elif $class == "user_access" then {
      user: {name: (.requestors | join(", "))}, privileges: .ports,
      resource: {type: "host", name: .host, uid: .machine}, actor: (if .actor == "" then null else {user: {name: .actor}} end)}
  elif $class == "network_activity" then {
      src_endpoint: {ip: .source.ip, port: (.source.port | tonumber? // null)},
      dst_endpoint: {hostname: .host, uid: .machine, port: (.port.number | tonumber? // null)},
      connection_info: {direction_id: 1, protocol_name: .port.protocol},
      firewall_rule: {uid: grant}, policy: {uid: .policy},
      action_id: (if .observing or .event == "grant-used" then 1 elif .event == "attempt-denied" or .reason == "denied" then 2 else 0 end),
      disposition_id: (if .observing then 17 elif .event == "grant-used" then 1
        elif .event == "attempt-denied" or .reason == "denied" then 2 else 0 end),
      count: (if .event == "attempts-summary" then .missed else .missed + 1 end)}
  elif $class == "detection_finding" then {
      finding_info: {title: .message, uid: (if .event | startswith("tamper") then "\(.machine)/tamper" elif grant != "" then "\(.machine)/\(grant)"
        else "\(.machine)/\(.event)" end)},
      is_alert: (if .event == "tamper-repaired" then null else true end), device: device,
      resources: [{type: "host", name: .host, uid: .machine}]}
  elif $class == "event_log_actvity" then {log_name: "jitgate audit log", device: device, activity_name: .event}
  else {} end;

records
| (kinds[.event] // ["base_event", 0]) as [$class, $activity]
| (if .observing and .event == "attempt-denied" then 1 else $activity end) as $activity
| of_class($class) + {
    class_uid: uids[$class], category_uid: (uids[$class] / 1000 | floor), activity_id: $activity,
    type_uid: (uids[$class] * 100 + $activity), time: (.microseconds / 1000 | floor), message,
    severity_id: ([5, 5, 5, 4, 2, 1, 1, 1][.priority]),
    status_id: (if failed then 2 else 1 end), status_detail: .reason,
    metadata: {version: "1.5.0", product: product, uid: "\(.machine)/\(.sequence)", sequence, event_code: .event, log_name: "jitgate audit log",
      profiles: (if $class == "network_activity" then ["security_control"] elif $class | IN("detection_finding") then ["host"] else null end)},
    unmapped: .fields
  }
| compact
