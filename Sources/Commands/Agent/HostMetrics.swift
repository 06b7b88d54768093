import Admission
import AgentInterface
import Conditions
import Grants

/// The metrics of a host (docs/METRICS.md), from what its agent says.
///
/// No label names a person, a grant or an address: metrics go where the audit log may not.
struct HostMetrics {
    let status: AgentStatus
    let counters: AgentCounters
    /// The space left on the disk of the audit log, in bytes; `nil` if it cannot be seen.
    let logRoom: Int64?

    /// The metrics of a host whose agent does not answer.
    static let down = [isUp(false)]

    private static func isUp(_ isUp: Bool) -> MetricFamily {
        MetricFamily("jitgate_up", "1 if the agent answered.", isUp ? 1 : 0)
    }

    var families: [MetricFamily] { [Self.isUp(true)] + state + grants + log + activity }

    private var state: [MetricFamily] {
        [
            MetricFamily(
                "jitgate_agent_info",
                "The version of the agent and the protection of its table; always 1.",
                [
                    sample(1, ("version", status.version), ("table", status.tableOwnership))
                ]
            ),
            MetricFamily(
                "jitgate_agent_start_timestamp_seconds",
                "The start of the agent.",
                counters.since.seconds
            ),
            MetricFamily(
                "jitgate_mode",
                "1 for the mode that the policy has, 0 for the others.",
                Mode.allCases.map { sample($0 == status.mode ? 1 : 0, ("mode", $0.rawValue)) }
            ),
            MetricFamily(
                "jitgate_policy_on_trial",
                "1 while a policy is on trial.",
                status.trialUntil == nil ? 0 : 1
            ),
            MetricFamily(
                "jitgate_healthy",
                "1 if no condition of the host is an error.",
                status.isHealthy ? 1 : 0
            ),
            MetricFamily(
                "jitgate_conditions",
                "Conditions of the host by code (docs/CONDITIONS.md).",
                conditions
            ),
            MetricFamily(
                "jitgate_table_owned",
                "1 if no other program can change the table.",
                status.tableOwnership == "owned" ? 1 : 0
            ),
            MetricFamily(
                "jitgate_clock_held_seconds",
                "How far the agent's time is held ahead of the wall clock.",
                Int64(status.heldTime?.seconds ?? 0)
            ),
            MetricFamily(
                "jitgate_protected_ports",
                "Ports that the policy protects.",
                Int64(status.protectedPorts.count)
            ),
            MetricFamily(
                "jitgate_trusted_networks",
                "Networks that are never denied.",
                Int64(status.trusted.count)
            ),
        ]
    }

    /// The number of conditions of each code.
    private var conditions: [MetricFamily.Sample] {
        Dictionary(grouping: status.conditions) { [$0.code, $0.severity.rawValue] }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { code, found in
                sample(Int64(found.count), ("code", code[0]), ("severity", code[1]))
            }
    }

    private var grants: [MetricFamily] {
        [
            MetricFamily(
                "jitgate_grants",
                "Grants by state.",
                [
                    sample(Int64(status.waitingGrants), ("state", "waiting")),
                    sample(Int64(status.openGrants), ("state", "open")),
                    sample(Int64(status.drainingGrants), ("state", "draining")),
                ]
            ),
            MetricFamily(
                "jitgate_ongoing_sessions",
                "Sessions that go on though nothing lets new ones in.",
                Int64(status.ongoingSessions)
            ),
            MetricFamily(
                "jitgate_next_deadline_timestamp_seconds",
                "The first deadline of an open grant.",
                status.nextDeadline?.seconds
            ),
        ]
    }

    private var log: [MetricFamily] {
        [
            MetricFamily(
                "jitgate_audit_records",
                kind: .counter,
                "Records in the audit log.",
                Int64(status.records)
            ),
            MetricFamily(
                "jitgate_audit_free_bytes",
                "Space left on the disk of the audit log.",
                logRoom
            ),
        ]
    }

    private var activity: [MetricFamily] {
        [
            MetricFamily(
                "jitgate_events",
                kind: .counter,
                "Records written since the agent started, by event.",
                counters.events.map { sample($0.count, ("event", $0.event)) }
            ),
            MetricFamily(
                "jitgate_denied_packets",
                kind: .counter,
                "Packets to protected ports that nothing admitted; in observe mode they passed.",
                counters.deniedPackets
            ),
            MetricFamily(
                "jitgate_denied_bytes",
                kind: .counter,
                "The bytes of these packets.",
                counters.deniedBytes
            ),
        ]
    }

    private func sample(
        _ value: Int64,
        _ labels: (name: String, value: String)...
    ) -> MetricFamily.Sample {
        MetricFamily.Sample(labels: labels, value: value)
    }
}

extension Moment {
    /// Whole seconds since 1970.
    fileprivate var seconds: Int64 { microseconds / 1_000_000 }
}
