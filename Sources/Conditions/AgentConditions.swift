/// Conditions of the agent itself, its clock and its connections.
package enum AgentConditions {
    /// No agent answers at its socket.
    package static func agentUnreachable(
        _ socket: String,
        because reason: String,
        isPermitted: Bool
    ) -> Condition {
        let remedy =
            isPermitted ? "systemctl start jitgated; journalctl -u jitgated" : Remedy.asRoot
        return Condition(.agentUnreachable, socket, reason, mend: remedy)
    }

    /// The caller may not look at something.
    package static func notPermitted(_ path: String) -> Condition {
        Condition(.notPermitted, path, "\(path): you may not look at it", mend: Remedy.asRoot)
    }

    /// Another program has the NFLOG group of the gate's packets.
    package static func packetLogTaken(_ group: UInt16, because reason: String) -> Condition {
        Condition(
            .packetLogTaken,
            "NFLOG group \(group)",
            "nobody records who comes and who tries: \(reason)",
            mend: "stop that program, or set another audit.log_group and restart jitgated"
        )
    }

    /// Sessions of closed openings could not be reset.
    package static func sessionsNotReset(because reasons: [String]) -> Condition {
        Condition(
            .sessionsNotReset,
            "sessions",
            "sessions were not reset: \(reasons.joined(separator: "; "))",
            mend: "find them with `ss -tn`, and end them with `sudo ss -K`"
        )
    }

    /// The mode of the agent is not that of the policy on disk.
    package static func modeDiffers(_ policy: String, running mode: String) -> Condition {
        Condition(
            .modeDiffers,
            policy,
            "the agent is in \(mode) mode, and the policy on disk is not",
            mend: "sudo jitgate try"
        )
    }

    // MARK: clock

    /// A lead of the agent's time that matters: grants are for hours.
    private static let leastLead = 60

    /// The agent's time is held ahead of the wall clock, by `seconds`.
    package static func clockHeld(seconds: Int, sinceRecord record: Int?) -> Condition {
        let text = heldTime(seconds: seconds, sinceRecord: record)
        let remedy =
            "once the wall clock is right, run `sudo jitgate clock accept`: it ends all live grants "
            + "and goes by the wall clock"
        guard seconds >= leastLead else {
            return Condition(.clockAhead, "clock", text, mend: remedy)
        }
        let meaning = "no grant opens that expires before the agent's time"
        return Condition(.clockHeld, "clock", "\(text): \(meaning)", mend: remedy)
    }

    /// A clause that says how far time is ahead, and since which record.
    package static func heldTime(seconds: Int, sinceRecord record: Int?) -> String {
        let since = record.map { " since record \($0)" } ?? ""
        return "time is held \(length(seconds)) ahead of the wall clock\(since)"
    }

    /// Such as `3 days`: the largest unit of which there are two.
    private static func length(_ seconds: Int) -> String {
        let units = [(86_400, "days"), (3600, "hours"), (60, "minutes")]
        let unit = units.first { seconds >= 2 * $0.0 } ?? (1, "seconds")
        return "\(seconds / unit.0) \(unit.1)"
    }

    /// No time service keeps the wall clock right.
    package static func clockUnsynchronized() -> Condition {
        Condition(
            .clockUnsynchronized,
            "clock",
            "nothing keeps the clock right: grants may end early or be refused",
            mend: "sudo timedatectl set-ntp true"
        )
    }

    /// The kernel does not say whether the clock is synchronised.
    package static func clockUnseen(because reason: String) -> Condition {
        let message = "whether it is synchronised cannot be seen: \(reason)"
        return Condition(.clockUnseen, "clock", message, mend: nil)
    }
}
