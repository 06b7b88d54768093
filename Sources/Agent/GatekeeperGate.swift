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

    /// Puts a change of openings, and of the sessions that may go on, into the kernel.
    func apply(_ changes: [Opening: Moment?], _ sessions: [OngoingSession: Moment?]) {
        // The record of an opening may have taken long: its deadline stays, and may have passed.
        let now = read()
        let left = sessions.mapValues { $0?.left(at: now) }
        do {
            if isInstalled {
                try gate.commit(changes.mapValues { $0?.left(at: now) }, sessions: left)
                // What closes is closed by now; what stays open has another time left.
                if areTimeoutsOff { try install(at: read()) }
            } else {
                gate.remember(left)
                try install(at: now)
                try watchForTampering()
            }
        } catch {
            isInstalled = false
            gate.remember(left)
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
        var existing: ExistingSessions?
        let room = DrainingSessions.limit - gate.ongoingCount
        let result = try gate.reconcile(
            rulebook.shape,
            trial: tenure.trial(at: now),
            open: desired.compactMapValues { $0.left(at: now) }
        ) { ports, deniesAlready in
            existing = existingSessions(at: ports, deniesAlready: deniesAlready, room: room)
            return existing?.kept ?? []
        }
        if let existing { noteKept(existing) }
        try rememberSenders()
        if !wasInstalled { adoptSessions() }
        if isShapeNew, result.changed { reviewSessions() }
        isShapeNew = false
        wasInstalled = true
        isInstalled = true
        noteTimeoutsRight()
        gateProblem = nil
        return result
    }

    /// All that should be open; while not every file that is there has been read, also what grants hold
    /// open that were live before.
    private var desired: [Opening: Moment] {
        guard intake.isScanning else { return timetable.desired }
        return timetable.desired.merging(unseenOpenings) { max($0, $1) }
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
    static func all(to port: Port) -> [Opening] {
        ["0.0.0.0/0", "::/0"].compactMap { try? Prefix(parsing: $0) }
            .map { Opening(source: $0, port: port) }
    }
}
