import Enforcement
import Grants
import Linux
import SystemPackage

/// What the gatekeeper knows of changes of the gate by others.
struct TamperDefence: ~Copyable {
    var watch: TamperWatch
    /// Stands still while an answer must wait: a storm wakes nobody.
    var source: DescriptorSource?
    var brake = TamperBrake()
    var report = TamperReport()
    /// When what was heard must be answered.
    var answerDue: Moment?
    /// What was heard and is not answered.
    var unanswered = Tampering.Extent.elements

    init(_ watch: consuming TamperWatch) {
        self.watch = watch
    }

    /// When there is something to do, if nothing happens before.
    func due(at now: Moment) -> Moment? {
        let recordDue = report.isEmpty ? nil : brake.recordDue(at: now)
        return [answerDue, recordDue].compactMap(\.self).min()
    }
}

/// Where the kernel lets others change the table: it is put back, and they are recorded.
extension Gatekeeper {
    /// Begins to watch, if the table cannot be owned; what happened before is found by comparing.
    func watchForTampering() throws(GateError) {
        guard gate.rung == .watched, defence == nil else { return }
        defence = TamperDefence(try TamperWatch(ignoring: gate.port))
        listenForTampering()
    }

    private func listenForTampering() {
        guard let descriptor = defence?.watch.fileDescriptor else { return }
        do throws(Errno) {
            defence?.source = try DescriptorSource(reading: descriptor, on: executor) {
                self.assumeIsolated { $0.rulesetChanged() }
            }
        } catch {
            gateProblem = "changes of the gate by others go unnoticed: \(error)"
        }
    }

    /// Another process changed the ruleset.
    private func rulesetChanged() {
        let now = read()
        guard let tampering = defence?.watch.drain(), tampering.isReason else { return }
        defence?.report.take(tampering)
        if let due = defence?.brake.due(at: now), due > now {
            defence?.source = nil
            defence?.answerDue = due
            let extent = max(defence?.unanswered ?? .elements, tampering.extent)
            defence?.unanswered = extent
            return settle()
        }
        mend(tampering.extent, at: now)
        settle()
    }

    /// Gives an answer that had to wait, if it is due: before anything that waits for a disk.
    func answerTampering() {
        guard let due = defence?.answerDue else { return }
        let now = read()
        guard due <= now else { return }
        defence?.answerDue = nil
        var extent = defence?.unanswered ?? .elements
        if let tampering = defence?.watch.drain() {
            defence?.report.take(tampering)
            extent = max(extent, tampering.extent)
        }
        defence?.unanswered = .elements
        mend(extent, at: now)
        listenForTampering()
    }

    /// Records what was noticed, if that is due.
    func recordTampering(at now: Moment) {
        guard defence?.report.isEmpty == false, defence?.brake.recordDue(at: now) == now else {
            return
        }
        defence?.brake.record(at: now)
        if let entries = defence?.report.takeEntries() { trail.note(entries, at: .now()) }
    }

    /// Shuts first, and then looks at what there is: what strangers can do meanwhile is to get in.
    private func mend(_ extent: Tampering.Extent, at now: Moment) {
        defence?.brake.answer(at: now)
        let begin = ContinuousClock.now
        let isRestored = restore(after: extent, at: now)
        let taken = begin.duration(to: .now)
        do throws(GateError) {
            if try install(at: now).changed {
                defence?.report.repaired(in: begin.duration(to: .now))
            } else if isRestored {
                defence?.report.repaired(in: taken)
            }
        } catch {
            isInstalled = false
            gateProblem = error.description
            defence?.report.failed(error)
        }
    }
}
