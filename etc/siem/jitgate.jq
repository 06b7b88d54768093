# The records of jitgate, from lines of an audit log or of `journalctl -o json --all`. ecs.jq and ocsf.jq include this.

# Text from the bytes as which journalctl prints values with control characters.
def text_of_bytes:
  reduce .[] as $byte ({text: [], left: 0, code: 0};
    if $byte < 128 then .text += [$byte] | .left = 0
    elif $byte >= 240 then .code = $byte - 240 | .left = 3
    elif $byte >= 224 then .code = $byte - 224 | .left = 2
    elif $byte >= 192 then .code = $byte - 192 | .left = 1
    elif .left > 0 then .code = .code * 64 + $byte - 128 | .left -= 1
      | if .left == 0 then .text += [.code] else . end
    else .text += [65533] end)
  | .text | implode;

# All values of a field, and the first.
def values_of($name):
  .[$name] // [] | if type == "string" then [.]
    elif length > 0 and (.[0] | type) == "number" then [text_of_bytes]
    else map(if type == "array" then text_of_bytes else . end) end;
def value_of($name): values_of($name)[0] // "";

# The records among the lines. In a journal every user may write any field, but not as root.
def records:
  fromjson? | objects | select(has("JITGATE_EVENT") and has("JITGATE_SEQ"))
  | select((has("_TRANSPORT") | not) or ._UID == "0")
  | {
      event: value_of("JITGATE_EVENT"), message: value_of("MESSAGE"), machine: value_of("_MACHINE_ID"), host: value_of("_HOSTNAME"),
      sequence: (value_of("JITGATE_SEQ") | tonumber), priority: (value_of("PRIORITY") | tonumber),
      microseconds: (value_of("__REALTIME_TIMESTAMP") | tonumber), code: value_of("MESSAGE_ID"),
      grants: values_of("JITGATE_GRANT"), requestors: (values_of("JITGATE_REQUESTOR") | unique), signers: values_of("JITGATE_SIGNERS"),
      actor: value_of("JITGATE_ACTOR"), ports: values_of("JITGATE_PORTS"), peer: value_of("JITGATE_PEER"),
      deadline: value_of("JITGATE_DEADLINE"), mode: value_of("JITGATE_MODE"), reason: value_of("JITGATE_REASON"),
      missed: (value_of("JITGATE_MISSED") | tonumber? // 0), policy: value_of("JITGATE_POLICY_SHA256"),
      # In observe mode nothing is denied, and the message alone says so.
      observing: ((value_of("JITGATE_EVENT") | IN("attempt-denied", "attempts-summary")) and (value_of("MESSAGE") | test(" would be denied"))),
      # The other fields by their names, but for whole files.
      fields: (. as $record | [keys[] | select(startswith("JITGATE_")
          and (IN("JITGATE_EVIDENCE", "JITGATE_POLICY_FALLBACK", "JITGATE_ALLOWED_SIGNERS", "JITGATE_SEQ", "JITGATE_EVENT") | not))
        | . as $name | {key: ($name[8:] | ascii_downcase), value: ($record | values_of($name) | if length == 1 then .[0] else . end)}]
        | from_entries)
    }
  | .source = (.peer | if . == "" then null
      elif startswith("[") then capture("^\\[(?<ip>[^\\]]*)\\]:(?<port>[0-9]+)$")
      elif test("^[^:]*:[0-9]+$") then capture("^(?<ip>[^:]*):(?<port>[0-9]+)$")
      else {ip: ., port: null} end)
  | .port = (if (.ports | length) == 1 then .ports[0] | capture("^(?<number>[0-9]+)/(?<protocol>.*)$") else null end);

# Without members that say nothing.
def compact:
  if type == "object" then with_entries(.value |= compact | select(.value | IN(null, "", [], {}) | not)) else . end;
