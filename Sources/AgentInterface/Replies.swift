package import Admission
package import Grants
package import StrictJSON
package import Varlink

/// The grants that wait, are open or ended: the answer to List.
package struct GrantList: VarlinkCodable {
    package static let members = [VarlinkMember("grants", "[]Grant")]

    package var grants: [GrantEntry]

    package init(grants: [GrantEntry]) {
        self.grants = grants
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        grants = try VarlinkObject(value).list("grants")
    }

    package var jsonValue: JSONValue { ["grants": .array(grants.map(\.jsonValue))] }
}

/// The key that the audit log goes on under: the answer to Rekey.
package struct RekeyReply: VarlinkCodable {
    package static let members = [VarlinkMember("key", "string")]

    /// In the form of Go's note.NewVerifier.
    package var key: String

    package init(key: String) {
        self.key = key
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        key = try VarlinkObject(value).text("key")
    }

    package var jsonValue: JSONValue { ["key": .string(key)] }
}

/// The policy that is in force now: the answer to Reload and Confirm.
package struct ReloadReply: VarlinkCodable {
    package static let members = [
        VarlinkMember("mode", oneOf: Mode.self),
        VarlinkMember("protected_ports", "[]string"),
        VarlinkMember(
            "sessions_left_out",
            "int",
            "Sessions that found no room among those that go on when the policy took force"
        ),
    ]

    package var mode: Mode
    package var protectedPorts: [Port]
    package var sessionsLeftOut: Int

    package init(mode: Mode, protectedPorts: [Port], sessionsLeftOut: Int = 0) {
        self.mode = mode
        self.protectedPorts = protectedPorts
        self.sessionsLeftOut = sessionsLeftOut
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        mode = try object.choice("mode")
        protectedPorts = try object.values("protected_ports", Port.init(parsing:))
        sessionsLeftOut = try object.optionalCount("sessions_left_out") ?? 0
    }

    package var jsonValue: JSONValue {
        [
            "mode": .string(mode.rawValue), "protected_ports": JSONValue(texts: protectedPorts),
            "sessions_left_out": .integer(Int64(sessionsLeftOut)),
        ]
    }
}

/// The policy that is on trial now: the answer to Try.
package struct TrialReply: VarlinkCodable {
    package static let members = [
        VarlinkMember("mode", oneOf: Mode.self),
        VarlinkMember("protected_ports", "[]string"),
        VarlinkMember(
            "until",
            "string",
            "When the policy before it comes back, unless Confirm is called"
        ),
        VarlinkMember("sessions_left_out", "int"),
    ]

    package var mode: Mode
    package var protectedPorts: [Port]
    /// The moment at which the policy before it comes back unless this one is confirmed.
    package var until: Moment
    /// The sessions that may not go on, as in `ReloadReply`.
    package var sessionsLeftOut: Int

    package init(mode: Mode, protectedPorts: [Port], until: Moment, sessionsLeftOut: Int = 0) {
        self.mode = mode
        self.protectedPorts = protectedPorts
        self.until = until
        self.sessionsLeftOut = sessionsLeftOut
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        mode = try object.choice("mode")
        protectedPorts = try object.values("protected_ports", Port.init(parsing:))
        until = try object.value("until", Moment.init(parsing:))
        sessionsLeftOut = try object.optionalCount("sessions_left_out") ?? 0
    }

    package var jsonValue: JSONValue {
        [
            "mode": .string(mode.rawValue), "protected_ports": JSONValue(texts: protectedPorts),
            "until": .string(until.description),
            "sessions_left_out": .integer(Int64(sessionsLeftOut)),
        ]
    }
}

/// The end of held time: the answer to AcceptClock.
package struct AcceptClockReply: VarlinkCodable {
    package static let members = [
        VarlinkMember("time", "string", "The agent's time from now on"),
        VarlinkMember("ended", "[]string"),
    ]

    /// The agent's time from now on.
    package var time: Moment
    /// The grants that ended by it.
    package var ended: [GrantID]

    package init(time: Moment, ended: [GrantID]) {
        self.time = time
        self.ended = ended
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        time = try object.value("time", Moment.init(parsing:))
        ended = try object.values("ended", GrantID.init(parsing:))
    }

    package var jsonValue: JSONValue {
        ["time": .string(time.description), "ended": JSONValue(texts: ended)]
    }
}

/// One record of the audit log, or at first none: the answers to Watch.
package struct WatchReply: VarlinkCodable {
    package static let members = [VarlinkMember("record", "?object")]

    /// `nil` says that watching began.
    package var record: JSONValue?

    package init(record: JSONValue?) {
        self.record = record
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        record = try VarlinkObject(value).optional("record") {
            guard case .object = $0 else { return nil }
            return $0
        }
    }

    package var jsonValue: JSONValue { ["record": record ?? .null] }
}
