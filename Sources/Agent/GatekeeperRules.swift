import Admission
import Auditing
import Configuration
import Control
import Enforcement
import Glibc
import Grants
import Linux
import Recording
import Scheduling
import SystemPackage

/// The rules that grants are held to, and their change while the agent runs.
extension Gatekeeper {
    /// Puts the policy on disk in force, and the allowed signers with it.
    ///
    /// Whatever is wrong with it, the one in force stays. `connections` are the caller's own sessions.
    func reload(from connections: [String] = []) throws(ControlFault) -> ReloadReply {
        try service.reloading { () throws(ControlFault) in
            let next = try rulebookOnDisk()
            let entries = loadedEntries(next, .settled)
            if next.shape.admits(moreThan: rulebook.shape) {
                try record(entries)
            } else {
                trail.note(entries, at: .now())
            }
            ongoing.called(from: connections)
            take(next, .settled)
            return ReloadReply(next.configuration, leavingOut: ongoing.existingLeftOut)
        }
    }

    /// Puts on disk what must be there before a policy takes force.
    func record(_ entries: [AuditEntry]) throws(ControlFault) {
        do throws(RecordingError) {
            try trail.append(entries, at: .now())
        } catch {
            policyProblem = "it cannot be recorded: \(error)"
            throw .failed("it cannot be recorded, so nothing has changed: \(error)")
        }
    }

    /// Reads the policy on disk; what is wrong with it is recorded.
    func rulebookOnDisk() throws(ControlFault) -> Rulebook {
        learnHostname()
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
        return next
    }

    private func refusePolicy(_ problems: [String]) -> ControlFault {
        notePolicyRefused(problems.joined(separator: "; "))
        settle()
        return .reloadRefused(problems)
    }

    func notePolicyRefused(_ problem: String) {
        policyProblem = problem
        note(.refused("Policy refused, the one in force stays", policyPath, because: problem))
    }

    /// What the record of a signed file carries to prove it.
    func evidence(_ file: [UInt8], _ lines: [String]) -> [AuditField: [String]] {
        AuditEntry.evidence(file, signedBy: lines, under: rulebook.policy.digest)
    }

    /// What is in force now holds at the next start too, unless the policy on disk can be loaded.
    func keepPolicy() {
        let last = LastPolicy(in: rulebook.configuration.stateDirectory)
        last.distrust(tenure.unconfirmed(rulebook.policy))
        if tenure.deadline == nil { last.keep(rulebook) }
    }

    /// The records that a policy is in force, and that the mode is another if it is.
    func loadedEntries(
        _ next: Rulebook,
        _ tenure: Tenure,
        _ text: String? = nil
    ) -> [AuditEntry] {
        let mode = next.configuration.policy.mode.rawValue
        var loaded = AuditEntry(
            .policyLoaded,
            text ?? "Policy loaded, in \(mode) mode",
            fields: [
                .file: [policyPath], .mode: [mode], .policyDigest: [next.policy.digest],
                .evidence: [next.policy.text], .rules: Self.rules,
            ]
        )
        loaded.fields.merge(tenure.fields) { $1 }
        guard let before = trail.ledger.mode, before != mode else { return [loaded] }
        let change = "The mode changed from \(before) to \(mode)"
        return [loaded, AuditEntry(.modeChanged, change, fields: [.mode: [mode]])]
    }

    /// The version of the rules as each record of a policy carries it.
    private static let rules = [String(RulesVersion.current.rawValue)]

    /// Holds every grant to these rules, which are on record, from now on.
    func take(_ next: Rulebook, _ tenure: Tenure) {
        rulebook = next.following(rulebook)
        questions.revision += 1
        trail.rotate(by: next.configuration)
        self.tenure = tenure
        signersProblem = next.signersProblem
        keepPolicy()
        shapeChanged()
        reviewDraining()
        if followSigners() { return }
        rescan()
    }

    /// Learns what the host is called now.
    private func learnHostname() {
        guard let name = try? HostFacts.readHostname(), name != host.hostname else { return }
        host.hostname = name
        trail.host = host
    }

    /// Answers whether the host got another name, and every grant was held to it.
    func hostRenamed() -> Bool {
        learnHostname()
        guard rulebook.systemName != host.hostname, rulebook.configuration.hostname == nil else {
            return false
        }
        let text = "The host is called \(host.hostname) now"
        let fields: [AuditField: [String]] = [.file: [policyPath], .rules: Self.rules]
        note(AuditEntry(.policyLoaded, text, fields: fields))
        take(rulebook.renamed(host), tenure)
        return true
    }

    /// Watches the file that has the allowed signers now; answers whether it was another meanwhile, and
    /// every grant was held to it.
    private func followSigners() -> Bool {
        watch.follow(rulebook.configuration.allowedSigners) && signersChanged()
    }

    /// The allowed signers on disk may be others: every grant is held to them then.
    func signersChanged() -> Bool {
        let next: Rulebook
        do throws(AgentError) {
            next = try Rulebook(rulebook.policy, host: host)
        } catch {
            if signersProblem != error.description { noteSignersRefused(error.description) }
            return false
        }
        signersProblem = nil
        guard next.signers.file != rulebook.signers.file else { return false }
        let path = rulebook.configuration.allowedSigners
        let fields: [AuditField: [String]] = [.file: [path], .rules: Self.rules]
        note(AuditEntry(.policyLoaded, "Allowed signers loaded", fields: fields))
        take(next, tenure)
        return true
    }

    func noteSignersRefused(_ problem: String) {
        signersProblem = problem
        let hasNobody = rulebook.signers.file == nil
        let rest = hasNobody ? "so nobody may sign" : "those in force stay"
        let path = rulebook.configuration.allowedSigners
        note(.refused("Allowed signers refused, \(rest)", path, because: problem))
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
