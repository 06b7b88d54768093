package import StrictJSON
package import Varlink

/// The grants that wait, are open or ended: the answer to List.
package struct GrantList: VarlinkCodable {
    package var grants: [GrantEntry]

    package init(grants: [GrantEntry]) {
        self.grants = grants
    }

    package init(from value: JSONValue) throws(MemberError) {
        grants = []
        for item in try VarlinkObject(value).required("grants", \.items) {
            grants.append(try GrantEntry(from: item))
        }
    }

    package var jsonValue: JSONValue { ["grants": .array(grants.map(\.jsonValue))] }
}

/// The ids of the grants that were ended: the answer to Revoke.
package struct RevokeReply: VarlinkCodable {
    package var revoked: [String]

    package init(revoked: [String]) {
        self.revoked = revoked
    }

    package init(from value: JSONValue) throws(MemberError) {
        revoked = try VarlinkObject(value).texts("revoked")
    }

    package var jsonValue: JSONValue { ["revoked": JSONValue(texts: revoked)] }
}

/// The key that the audit log goes on under: the answer to Rekey.
package struct RekeyReply: VarlinkCodable {
    /// In the form of Go's note.NewVerifier.
    package var key: String

    package init(key: String) {
        self.key = key
    }

    package init(from value: JSONValue) throws(MemberError) {
        key = try VarlinkObject(value).text("key")
    }

    package var jsonValue: JSONValue { ["key": .string(key)] }
}

/// The policy that is in force now: the answer to Reload.
package struct ReloadReply: VarlinkCodable {
    /// `observe` or `enforce`.
    package var mode: String
    package var protectedPorts: [String]
    /// How many sessions found no room among those that go on when enforcing began.
    package var sessionsLeftOut: Int

    package init(mode: String, protectedPorts: [String], sessionsLeftOut: Int = 0) {
        self.mode = mode
        self.protectedPorts = protectedPorts
        self.sessionsLeftOut = sessionsLeftOut
    }

    package init(from value: JSONValue) throws(MemberError) {
        let object = try VarlinkObject(value)
        mode = try object.text("mode")
        protectedPorts = try object.texts("protected_ports")
        sessionsLeftOut = Int(clamping: try object.optional("sessions_left_out", \.number) ?? 0)
    }

    package var jsonValue: JSONValue {
        [
            "mode": .string(mode), "protected_ports": JSONValue(texts: protectedPorts),
            "sessions_left_out": .integer(Int64(sessionsLeftOut)),
        ]
    }
}

/// The policy that is on trial now: the answer to Try.
package struct TrialReply: VarlinkCodable {
    /// `observe` or `enforce`.
    package var mode: String
    package var protectedPorts: [String]
    /// RFC 3339; when the policy before it comes back unless this one is confirmed.
    package var until: String
    /// How many sessions found no room among those that go on when enforcing began.
    package var sessionsLeftOut: Int

    package init(
        mode: String,
        protectedPorts: [String],
        until: String,
        sessionsLeftOut: Int = 0
    ) {
        self.mode = mode
        self.protectedPorts = protectedPorts
        self.until = until
        self.sessionsLeftOut = sessionsLeftOut
    }

    package init(from value: JSONValue) throws(MemberError) {
        let object = try VarlinkObject(value)
        mode = try object.text("mode")
        protectedPorts = try object.texts("protected_ports")
        until = try object.text("until")
        sessionsLeftOut = Int(clamping: try object.optional("sessions_left_out", \.number) ?? 0)
    }

    package var jsonValue: JSONValue {
        [
            "mode": .string(mode), "protected_ports": JSONValue(texts: protectedPorts),
            "until": .string(until), "sessions_left_out": .integer(Int64(sessionsLeftOut)),
        ]
    }
}

/// The wall clock's word was taken: the answer to AcceptClock.
package struct AcceptClockReply: VarlinkCodable {
    /// RFC 3339; the agent's time from now on.
    package var time: String
    /// The grants that ended by it.
    package var ended: [String]

    package init(time: String, ended: [String]) {
        self.time = time
        self.ended = ended
    }

    package init(from value: JSONValue) throws(MemberError) {
        let object = try VarlinkObject(value)
        time = try object.text("time")
        ended = try object.texts("ended")
    }

    package var jsonValue: JSONValue {
        ["time": .string(time), "ended": JSONValue(texts: ended)]
    }
}

/// One record of the audit log, or at first none: the answers to Watch.
package struct WatchReply: VarlinkCodable {
    /// `nil` says that watching began.
    package var record: JSONValue?

    package init(record: JSONValue?) {
        self.record = record
    }

    package init(from value: JSONValue) throws(MemberError) {
        record = try VarlinkObject(value).optional("record") {
            guard case .object = $0 else { return nil }
            return $0
        }
    }

    package var jsonValue: JSONValue { ["record": record ?? .null] }
}
