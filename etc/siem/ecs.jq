# Records of jitgate in the Elastic Common Schema. One line in, one document out:
#
#     jq -R -c -L etc/siem -f etc/siem/ecs.jq audit.jsonl
include "jitgate";

# What each event is: [event.kind, event.category, event.type, event.outcome].
def kinds: {
  "agent-started":       ["event", ["process"], ["start"], "success"],
  "agent-stopped":       ["event", ["process"], ["end"], "success"],
  "policy-loaded":       ["event", ["configuration"], ["change"], "success"],
  "policy-refused":      ["event", ["configuration"], ["change"], "failure"],
  "mode-changed":        ["event", ["configuration"], ["change"], "success"],
  "grant-accepted":      ["event", ["iam"], ["creation"], "success"],
  "grant-refused":       ["event", ["iam"], ["creation"], "failure"],
  "offers-refused":      ["event", ["iam"], ["creation"], "failure"],
  "grant-opened":        ["event", ["iam"], ["user", "change"], "success"],
  "break-glass-opened":  ["alert", ["iam"], ["user", "change"], "success"],
  "review-accepted":     ["event", ["iam"], ["info"], null],
  "grant-used":          ["event", ["network"], ["connection", "start", "allowed"], "success"],
  "grant-closed":        ["event", ["iam"], ["user", "deletion"], "success"],
  "drain-ended":         ["event", ["network"], ["connection", "end"], "success"],
  "attempt-denied":      ["event", ["network"], ["connection", "denied"], "failure"],
  "attempts-summary":    ["event", ["network"], ["connection", "info"], null],
  "tamper-detected":     ["alert", ["intrusion_detection", "configuration"], ["info", "change"], null],
  "tamper-repaired":     ["event", ["configuration"], ["change"], "success"],
  "clock-stepped":       ["event", ["host"], ["change"], null],
  "clock-accepted":      ["event", ["host"], ["change"], "success"],
  "host-changed":        ["alert", ["host"], ["change"], null],
  "audit-rekeyed":       ["event", ["configuration"], ["change"], "success"],
  "revocation-accepted": ["event", ["iam"], ["change"], "success"],
  "bulletin-accepted":   ["event", ["iam"], ["change"], "success"],
  "bar-lifted":          ["event", ["iam"], ["change"], "success"]
};

def timestamp: "\(. / 1000000 | floor | todate[:-1]).\(. % 1000000 + 1000000 | tostring[1:])Z";

records
| (if .observing and .event == "attempt-denied" then ["event", ["network"], ["connection", "allowed"], "success"] else kinds[.event] // ["event", [], ["info"], null] end)
  as [$kind, $category, $type, $outcome]
| {
    "@timestamp": (.microseconds | timestamp), message, ecs: {version: "8.11.0"},
    event: {kind: $kind, category: $category, type: $type, outcome: $outcome, action: .event, code, reason, sequence,
      id: "\(.machine)/\(.sequence)", severity: .priority, module: "jitgate", dataset: "jitgate.audit", provider: "jitgated"},
    log: {level: (["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"][.priority])},
    host: {id: .machine, name: .host, hostname: .host},
    observer: {product: "jitgate", vendor: "jitgate", type: "firewall", hostname: .host},
    source: {address: .source.ip, ip: .source.ip, port: (.source.port | tonumber? // null)},
    destination: {port: (if .source then .port.number | tonumber? // null else null end)},
    network: (if .source then {transport: .port.protocol, direction: "ingress", type: (if .source.ip | test(":") then "ipv6" else "ipv4" end)}
      else null end),
    rule: {id: (if (.grants | length) == 1 then .grants[0] else .grants end), ruleset: (if .grants == [] then null else "grants" end)},
    related: {ip: [.source.ip // empty], hosts: [.host], user: (.requestors + .signers + [.actor | ltrimstr("signer:") | select(. != "" and (startswith("process:") | not))] | unique)},
    jitgate: .fields
  }
| compact
