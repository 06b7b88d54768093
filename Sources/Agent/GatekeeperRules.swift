import Admission
import Auditing
import Configuration
import Control
import Glibc
import Grants
import Linux

/// The rules that grants are held to, and their change while the agent runs.
extension Gatekeeper {
    /// Puts the policy on disk in force, and the allowed signers with it.
    ///
    /// Whatever is wrong with it, the one in force stays.
    func reload() throws(ControlFault) -> ReloadReply {
        try service.reloading { () throws(ControlFault) in try loadPolicy() }
    }

    private func loadPolicy() throws(ControlFault) -> ReloadReply {
        let next: Rulebook
        do throws(AgentError) {
            next = try Rulebook(policy: policyPath, host: host)
        } catch {
            throw refusePolicy(error.description.split(separator: "\n").map(String.init))
        }
        let fixed = rulebook.fixedSettings(changedBy: next)
        guard fixed.isEmpty else {
            let settings = fixed.joined(separator: ", ")
            throw refusePolicy(["\(policyPath): \(settings): a change takes a restart"])
        }
        policyProblem = nil
        put(next, next.loadedEntry(from: policyPath))
        keepPolicy()
        let policy = next.configuration.policy
        return ReloadReply(
            mode: policy.mode.rawValue,
            protectedPorts: policy.ports.keys.sorted().map(\.description)
        )
    }

    private func refusePolicy(_ problems: [String]) -> ControlFault {
        notePolicyRefused(problems.joined(separator: "; "))
        settle()
        return .reloadRefused(problems)
    }

    func notePolicyRefused(_ problem: String) {
        policyProblem = problem
        note(
            AuditEntry(
                .policyRefused,
                "Policy refused, the one in force stays: \(problem)",
                fields: [.file: [policyPath], .reason: [problem]]
            )
        )
    }

    /// What is in force now holds at the next start too, unless the policy on disk can be loaded.
    func keepPolicy() {
        let configuration = rulebook.configuration
        LastPolicy(in: configuration.stateDirectory).keep(configuration)
    }

    private func put(_ next: Rulebook, _ entry: AuditEntry) {
        let before = rulebook.configuration.policy.mode
        rulebook = next
        signersProblem = next.signersProblem
        note(entry)
        let mode = next.configuration.policy.mode
        if mode != before {
            let text = "The mode changed from \(before.rawValue) to \(mode.rawValue)"
            note(AuditEntry(.modeChanged, text, fields: [.mode: [mode.rawValue]]))
        }
        shapeChanged()
        rescan()
    }

    /// The allowed signers on disk may be others: every grant is held to them.
    func signersChanged() {
        let next: Rulebook
        do throws(AgentError) {
            next = try Rulebook(rulebook.configuration, host: host)
        } catch {
            guard signersProblem != error.description else { return }
            signersProblem = error.description
            note(
                AuditEntry(
                    .policyRefused,
                    "Allowed signers refused, those in force stay: \(error)",
                    fields: [
                        .file: [rulebook.configuration.allowedSigners],
                        .reason: [error.description],
                    ]
                )
            )
            return
        }
        signersProblem = nil
        guard next.signersFile != rulebook.signersFile else { return }
        let path = rulebook.configuration.allowedSigners
        put(next, AuditEntry(.policyLoaded, "Allowed signers loaded", fields: [.file: [path]]))
    }

    /// Another process told us something.
    func take(signal: Int32) {
        guard signal == SIGHUP else {
            stop()
            exit(0)
        }
        // What is wrong with it is in the log.
        _ = try? reload()
    }
}

/// The wall clock and its steps.
extension Gatekeeper {
    /// The wall clock was set, or may have been.
    func clockSet() {
        let before = lastReading
        _ = read()
        let expected = before.wallMicroseconds + lastReading.bootMicroseconds
        let step = lastReading.wallMicroseconds + before.bootMicroseconds - expected
        noteStep(step, "The wall clock was set")
        settle()
    }

    /// A clock behind the log: time goes on from the last record.
    func noteClockBehindLog() {
        guard let floor = trail.ledger.clock.moment else { return }
        let behind = lastReading.wallMicroseconds - floor.microseconds
        if behind < 0 { noteStep(behind, "The wall clock is behind the last record") }
    }

    private func noteStep(_ step: Int64, _ what: String) {
        let sign = step < 0 ? "-" : "+"
        let milliseconds = String(step.magnitude / 1000 % 1000)
        let fraction = String(repeating: "0", count: 3 - milliseconds.count) + milliseconds
        let text = "\(sign)\(step.magnitude / 1_000_000).\(fraction) s"
        note(AuditEntry(.clockStepped, "\(what), by \(text)", fields: [.reason: [text]]))
    }
}
