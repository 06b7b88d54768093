package import Admission
package import Conditions
package import Grants
package import StrictJSON
package import Varlink

/// The state of the agent: the answer to Status.
package struct AgentStatus: VarlinkCodable {
    package var mode: Mode
    /// The conditions of the host, the gravest first.
    package var conditions: [Condition]
    package var openGrants: Int
    package var waitingGrants: Int
    /// Grants that are past their deadline and whose sessions go on.
    package var drainingGrants: Int
    /// Sessions that go on though nothing lets new ones in: those that drain, and those that were
    /// there when enforcing began.
    package var ongoingSessions: Int
    /// The first deadline of an open grant.
    package var nextDeadline: Moment?
    package var protectedPorts: [Port]
    package var trusted: [Prefix]
    package var version: String
    package var bootID: String
    /// The number of records in the audit log.
    package var records: Int
    /// The protection of the table that this kernel gives.
    package var tableOwnership: String
    /// The end of the trial that the policy is on, `nil` if it is on none.
    package var trialUntil: Moment?
    /// Time that is held ahead of the wall clock; `nil` if it is not.
    package var heldTime: HeldTime?
    /// The newest bulletin of the fleet; `nil` if the host takes none.
    package var bulletin: FleetBulletin?

    package init(
        mode: Mode,
        conditions: [Condition] = [],
        openGrants: Int,
        waitingGrants: Int,
        drainingGrants: Int = 0,
        ongoingSessions: Int = 0,
        nextDeadline: Moment?,
        protectedPorts: [Port],
        trusted: [Prefix],
        version: String,
        bootID: String,
        records: Int,
        tableOwnership: String,
        trialUntil: Moment? = nil,
        heldTime: HeldTime? = nil,
        bulletin: FleetBulletin? = nil
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
        self.bulletin = bulletin
    }

    package var isHealthy: Bool { conditions.areHealthy }
}

extension AgentStatus {
    package static let members = [
        VarlinkMember("mode", oneOf: Mode.self),
        VarlinkMember("healthy", "bool"),
        VarlinkMember(
            "conditions",
            "[]Condition",
            "What is wrong with the host, the gravest first; healthy if none is an error"
        ),
        VarlinkMember("open_grants", "int"),
        VarlinkMember("waiting_grants", "int"),
        VarlinkMember("draining_grants", "int"),
        VarlinkMember(
            "ongoing_sessions",
            "int",
            "That drain, or were there when enforcing began"
        ),
        VarlinkMember("next_deadline", "?string", "The first deadline of an open grant"),
        VarlinkMember("protected_ports", "[]string"),
        VarlinkMember("trusted", "[]string", "Networks that are never denied"),
        VarlinkMember("version", "string"),
        VarlinkMember("boot_id", "string", "32 hex digits"),
        VarlinkMember("records", "int", "How many records the audit log holds"),
        VarlinkMember(
            "table_ownership",
            "string",
            "Which protection of the table this kernel gives"
        ),
        VarlinkMember(
            "trial_until",
            "?string",
            "When the policy on trial gives way unless it is confirmed; null without a trial"
        ),
        VarlinkMember(
            "held_time",
            "?HeldTime",
            "Time that is held ahead of the wall clock; null if it is not"
        ),
        VarlinkMember(
            "bulletin",
            "?Bulletin",
            "The newest bulletin of the fleet; null if the host takes none"
        ),
    ]

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        self.init(
            mode: try object.choice("mode"),
            conditions: try object.required("conditions", Condition.list),
            openGrants: Int(try object.number("open_grants")),
            waitingGrants: Int(try object.number("waiting_grants")),
            drainingGrants: Int(try object.optional("draining_grants", \.number) ?? 0),
            ongoingSessions: Int(try object.optional("ongoing_sessions", \.number) ?? 0),
            nextDeadline: try object.optionalValue("next_deadline", Moment.init(parsing:)),
            protectedPorts: try object.values("protected_ports", Port.init(parsing:)),
            trusted: try object.values("trusted", Prefix.init(parsing:)),
            version: try object.text("version"),
            bootID: try object.text("boot_id"),
            records: Int(try object.number("records")),
            tableOwnership: try object.text("table_ownership"),
            trialUntil: try object.optionalValue("trial_until", Moment.init(parsing:)),
            heldTime: try object.optional("held_time") { try? HeldTime(from: $0) },
            bulletin: try object.optional("bulletin") { try? FleetBulletin(from: $0) }
        )
    }

    package var jsonValue: JSONValue {
        [
            "mode": .string(mode.rawValue),
            "healthy": .bool(isHealthy),
            "conditions": .array(conditions.map(\.jsonValue)),
            "open_grants": .integer(Int64(openGrants)),
            "waiting_grants": .integer(Int64(waitingGrants)),
            "draining_grants": .integer(Int64(drainingGrants)),
            "ongoing_sessions": .integer(Int64(ongoingSessions)),
            "next_deadline": JSONValue(text: nextDeadline),
            "protected_ports": JSONValue(texts: protectedPorts),
            "trusted": JSONValue(texts: trusted),
            "version": .string(version),
            "boot_id": .string(bootID),
            "records": .integer(Int64(records)),
            "table_ownership": .string(tableOwnership),
            "trial_until": JSONValue(text: trialUntil),
            "held_time": heldTime?.jsonValue ?? .null,
            "bulletin": bulletin?.jsonValue ?? .null,
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
