import Enforcement
import Grants
import Scheduling

/// What goes to the kernel.
extension Gatekeeper {
    /// Whether there is something that the kernel, the disk or another program did not let be done.
    var triesAgain: Bool {
        !isInstalled || trail.isWaiting || !unread.isEmpty || signersProblem != nil
            || !visitors.isListening
    }

    func apply(_ changes: [Opening: Moment?]) {
        // The record of an opening may have taken long: its deadline stays, and may have passed.
        let now = read()
        do {
            if isInstalled {
                try gate.commit(changes.mapValues { $0?.left(at: now) })
                // What closes is closed by now; what stays open has another time left.
                if areTimeoutsOff { try install(at: read()) }
            } else {
                try install(at: now)
                try watchForTampering()
            }
        } catch {
            isInstalled = false
            // What the kernel holds is not known: put all of it there, at once or later.
            do {
                try install(at: now)
            } catch {
                gateProblem = "\(error)"
            }
        }
    }

    /// The quick answer to what others did to the gate; `install` must follow, and mends what this cannot.
    func restore(after extent: Tampering.Extent, at now: Moment) -> Bool {
        guard isInstalled else { return false }
        do {
            return try gate.restore(
                after: extent,
                trial: tenure.trial(at: now),
                open: timetable.desired.compactMapValues { $0.left(at: now) }
            )
        } catch {
            return false
        }
    }

    @discardableResult
    func install(at now: Moment) throws(GateError) -> Reconciliation {
        let result = try gate.reconcile(
            rulebook.shape,
            trial: tenure.trial(at: now),
            open: timetable.desired.compactMapValues { $0.left(at: now) },
            existing: existingSessions
        )
        if isShapeNew, result.changed { reviewSessions() }
        isShapeNew = false
        wasInstalled = true
        isInstalled = true
        noteTimeoutsRight()
        gateProblem = nil
        return result
    }

    /// What is there when denying begins at ports; nothing at the start of an agent where it had begun
    /// before and the gate is not there to say at which ports.
    private func existingSessions(
        at ports: [Port],
        deniesAlready: Bool
    ) -> [OngoingSession] {
        guard wasInstalled || !hadEnforced || deniesAlready else { return [] }
        return ExistingSessions.list(at: ports)
    }

    /// What no longer passes by the new rules is cut, whoever let it in.
    private func reviewSessions() {
        let shape = rulebook.shape
        guard shape.denies else { return }
        visitors.uncut.lapsed.formUnion(shape.protected.flatMap(Opening.all))
    }

    /// Another policy: the whole gate is put there anew at the next `settle`.
    func shapeChanged() {
        isInstalled = false
        isShapeNew = true
    }
}

extension Moment {
    /// How long it is until then; `nil` if it has come.
    fileprivate func left(at now: Moment) -> Duration? { self > now ? self - now : nil }
}

extension Opening {
    /// From everywhere to a port.
    fileprivate static func all(to port: Port) -> [Opening] {
        ["0.0.0.0/0", "::/0"].compactMap { try? Prefix(parsing: $0) }
            .map { Opening(source: $0, port: port) }
    }
}
