package import Conditions
package import StrictJSON
package import Varlink

/// How the agent is: the answer to Status.
package struct AgentStatus: VarlinkCodable {
    /// `observe` or `enforce`.
    package var mode: String
    /// What is wrong with the host, the gravest first.
    package var conditions: [Condition]
    package var openGrants: Int
    package var waitingGrants: Int
    /// Grants that are past their deadline and whose sessions go on.
    package var drainingGrants: Int
    /// Sessions that go on though nothing lets new ones in: those that drain, and those that were
    /// there when enforcing began.
    package var ongoingSessions: Int
    /// RFC 3339; the first deadline of an open grant.
    package var nextDeadline: String?
    package var protectedPorts: [String]
    package var trusted: [String]
    package var version: String
    package var bootID: String
    /// How many records the audit log holds.
    package var records: Int
    /// Which protection of the table this kernel gives.
    package var tableOwnership: String
    /// RFC 3339; until when the policy is on trial, `nil` if it is not.
    package var trialUntil: String?
    /// Time that is held ahead of the wall clock; `nil` if it is not.
    package var heldTime: HeldTime?

    package init(
        mode: String,
        conditions: [Condition] = [],
        openGrants: Int,
        waitingGrants: Int,
        drainingGrants: Int = 0,
        ongoingSessions: Int = 0,
        nextDeadline: String?,
        protectedPorts: [String],
        trusted: [String],
        version: String,
        bootID: String,
        records: Int,
        tableOwnership: String,
        trialUntil: String? = nil,
        heldTime: HeldTime? = nil
    ) {
        self.mode = mode
        self.conditions = conditions
        self.openGrants = openGrants
        self.waitingGrants = waitingGrants
        self.drainingGrants = drainingGrants
        self.ongoingSessions = ongoingSessions
        self.nextDeadline = nextDeadline
        self.protectedPorts = protectedPorts
        self.trusted = trusted
        self.version = version
        self.bootID = bootID
        self.records = records
        self.tableOwnership = tableOwnership
        self.trialUntil = trialUntil
        self.heldTime = heldTime
    }

    package var isHealthy: Bool { conditions.areHealthy }
}

extension AgentStatus {
    package init(from value: JSONValue) throws(MemberError) {
        let object = try VarlinkObject(value)
        self.init(
            mode: try object.text("mode"),
            conditions: try object.required("conditions", Condition.list),
            openGrants: Int(try object.number("open_grants")),
            waitingGrants: Int(try object.number("waiting_grants")),
            drainingGrants: Int(try object.optional("draining_grants", \.number) ?? 0),
            ongoingSessions: Int(try object.optional("ongoing_sessions", \.number) ?? 0),
            nextDeadline: try object.optionalText("next_deadline"),
            protectedPorts: try object.texts("protected_ports"),
            trusted: try object.texts("trusted"),
            version: try object.text("version"),
            bootID: try object.text("boot_id"),
            records: Int(try object.number("records")),
            tableOwnership: try object.text("rung"),
            trialUntil: try object.optionalText("trial_until"),
            heldTime: try object.optional("held_time") { try? HeldTime(from: $0) }
        )
    }

    package var jsonValue: JSONValue {
        [
            "mode": .string(mode),
            "healthy": .bool(isHealthy),
            "conditions": .array(conditions.map(\.jsonValue)),
            "open_grants": .integer(Int64(openGrants)),
            "waiting_grants": .integer(Int64(waitingGrants)),
            "draining_grants": .integer(Int64(drainingGrants)),
            "ongoing_sessions": .integer(Int64(ongoingSessions)),
            "next_deadline": JSONValue(nextDeadline),
            "protected_ports": JSONValue(texts: protectedPorts),
            "trusted": JSONValue(texts: trusted),
            "version": .string(version),
            "boot_id": .string(bootID),
            "records": .integer(Int64(records)),
            "rung": .string(tableOwnership),
            "trial_until": JSONValue(trialUntil),
            "held_time": heldTime?.jsonValue ?? .null,
        ]
    }
}

extension Condition {
    /// An array of conditions and nothing else.
    fileprivate static func list(_ value: JSONValue) -> [Condition]? {
        guard let items = value.items else { return nil }
        let conditions = items.compactMap(Condition.init)
        return conditions.count == items.count ? conditions : nil
    }
}
