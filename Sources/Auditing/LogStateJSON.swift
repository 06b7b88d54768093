import Grants
import StrictJSON

/// The log state as JSON, except what is known of all grants that ended.
enum LogStateJSON {
    static func json(_ logState: LogState) -> JSONValue {
        [
            "mode": .optional(logState.mode), "policy": json(logState.policy),
            "rules": json(logState.rules),
            "machine_id": .optional(logState.machine.id),
            "awaits_key": .bool(logState.machine.awaitsKey),
            "clock": ClockForm.json(logState.clock),
            "live": .array(
                logState.grantStates.values.compactMap { json($0, logState.connections) }
            ),
            "draining": .array(logState.draining.values.map(json)),
            "break_glass": .array(logState.breakGlass.all.map(json)),
            "bars": .array(logState.bars.values.map(BarForm.json)),
            "fleet": FleetRevocationsForm.json(logState.lockouts.fleet),
            "recent": .array(logState.recentEndings.all.map(json)),
            "refusals": .array(
                logState.refusals.entries.map {
                    [
                        "file": .string($0.file), "digest": .optional($0.digest),
                        "reason": .optional($0.reason),
                    ]
                }
            ),
        ]
    }

    private static func json(_ policy: RecordedPolicyState?) -> JSONValue {
        switch policy {
        case nil: .null
        case .onTrial(let policy, let until, let fallback):
            [
                "policy": .string(policy), "until": .integer(until.microseconds),
                "fallback": .string(fallback),
            ]
        case .rolledBack(let policy, let rejected):
            ["policy": .string(policy), "rejected": .string(rejected)]
        }
    }

    private static func json(_ rules: RulesVersion) -> JSONValue { .integer(Int64(rules.rawValue)) }

    /// A snapshot without them is of a release before they had a number.
    private static func rules(_ json: JSONValue?) -> RulesVersion {
        guard let number = json?.number else { return .first }
        return RulesVersion(rawValue: Int(clamping: number)) ?? .current
    }

    private static func policy(_ json: JSONValue?) -> RecordedPolicyState? {
        guard let policy = json?["policy"]?.text else { return nil }
        if let rejected = json?["rejected"]?.text {
            return .rolledBack(policy: policy, rejected: rejected)
        }
        guard let until = json?["until"]?.moment, let fallback = json?["fallback"]?.text else {
            return nil
        }
        return .onTrial(policy: policy, until: until, fallback: fallback)
    }

    private static func json(_ grantState: GrantState, _ connections: [GrantID: Int]) -> JSONValue?
    {
        guard let live = grantState.live else { return nil }
        var members: [JSONValue.Member] = [
            .init("id", .string(live.id.description)), .init("digest", .string(live.digest)),
            .init("accepted", .integer(live.acceptedAt.microseconds)),
            .init("rules", json(live.rules)),
            .init("fields", json(live.fields)),
        ]
        if let count = connections[live.id] {
            members.append(.init("connections", .integer(Int64(count))))
        }
        if case .open(_, let since, let deadline) = grantState {
            members.append(.init("since", .integer(since.microseconds)))
            members.append(.init("deadline", .integer(deadline.microseconds)))
        }
        return .object(members)
    }

    private static func json(_ draining: DrainingGrant) -> JSONValue {
        [
            "id": .string(draining.grant.id.description),
            "digest": .string(draining.grant.digest),
            "accepted": .integer(draining.grant.acceptedAt.microseconds),
            "fields": json(draining.grant.fields),
            "since": .integer(draining.openedAt.microseconds),
            "deadline": .integer(draining.deadline.microseconds),
            "until": .integer(draining.until.microseconds),
        ]
    }

    private static func json(_ glass: BreakGlassGrant) -> JSONValue {
        [
            "id": .string(glass.grant.id.description), "digest": .string(glass.grant.digest),
            "accepted": .integer(glass.grant.acceptedAt.microseconds),
            "rules": json(glass.grant.rules), "fields": json(glass.grant.fields),
            "opened": .integer(glass.openedAt.microseconds), "ended": .optional(glass.endedAt),
            "review": .optional(glass.review),
        ]
    }

    private static func json(_ ending: EndedGrant) -> JSONValue {
        [
            "message": .string(ending.entry.message), "fields": json(ending.entry.fields),
            "opened": .optional(ending.openedAt), "ended": .integer(ending.endedAt.microseconds),
        ]
    }

    private static func json(_ fields: [AuditField: [String]]) -> JSONValue {
        .object(
            fields.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { .init($0.key.rawValue, .array($0.value.map(JSONValue.string))) }
        )
    }

    // MARK: and back

    static func logState(
        _ json: JSONValue,
        sequence: UInt64,
        ended: EndedGrants
    ) throws(RecordError) -> LogState {
        var logState = LogState()
        logState.nextSequence = sequence
        logState.ended = ended
        logState.mode = json["mode"]?.text
        logState.policy = policy(json["policy"])
        logState.rules = rules(json["rules"])
        guard let clock = ClockForm.clock(json["clock"]) else { throw damaged("clock") }
        logState.clock = clock
        logState.machine.id = json["machine_id"]?.text
        logState.machine.awaitsKey = json["awaits_key"] == true
        for item in try items(json, "live") {
            let (grantState, grant) = try grantState(item)
            logState.restore(grantState, of: grant)
            logState.connections[grant.id] = item["connections"]?.number.map(Int.init(clamping:))
        }
        // What was written before there was any draining has none.
        for item in json["draining"]?.items ?? [] {
            let draining = try draining(item)
            logState.draining[draining.grant.id] = draining
        }
        // So it is with break-glass grants.
        for item in json["break_glass"]?.items ?? [] {
            let (_, grant) = try grantState(item)
            guard let opened = item["opened"]?.moment else { throw damaged("break_glass") }
            logState.breakGlass.open(grant, at: opened)
            if let ended = item["ended"]?.moment { logState.breakGlass.end(grant.id, at: ended) }
            if let review = item["review"]?.text {
                logState.breakGlass.review(grant.id, by: review)
            }
        }
        for item in json["bars"]?.items ?? [] {
            guard let bar = BarForm.bar(item) else { throw damaged("bars") }
            logState.lockouts.bars[bar.id] = bar
        }
        guard let fleet = FleetRevocationsForm.revocations(json["fleet"]) else {
            throw damaged("fleet")
        }
        logState.lockouts.fleet = fleet
        for item in try items(json, "recent") { logState.recentEndings.add(try ending(item)) }
        for item in try items(json, "refusals") {
            var fields: [AuditField: [String]] = [:]
            fields[.file] = item["file"]?.text.map { [$0] }
            fields[.digest] = item["digest"]?.text.map { [$0] }
            fields[.reason] = item["reason"]?.text.map { [$0] }
            logState.refusals.add(AuditEntry(.grantRefused, "", fields: fields))
        }
        return logState
    }

    private static func items(_ json: JSONValue, _ name: String) throws(RecordError) -> [JSONValue]
    {
        guard let items = json[name]?.items else { throw damaged(name) }
        return items
    }

    private static func damaged(_ name: String) -> RecordError {
        RecordError(description: "the snapshot has no sound `\(name)`")
    }

    private static func grantState(_ json: JSONValue) throws(RecordError) -> (GrantState, LiveGrant)
    {
        guard let id = json["id"]?.text.flatMap({ try? GrantID(parsing: $0) }),
            let digest = json["digest"]?.text, let accepted = json["accepted"]?.moment
        else { throw damaged("live") }
        let fields = try fields(json)
        let grant = LiveGrant(
            id: id,
            digest: digest,
            fields: fields,
            acceptedAt: accepted,
            rules: rules(json["rules"])
        )
        guard let since = json["since"]?.moment, let deadline = json["deadline"]?.moment else {
            return (.accepted(grant), grant)
        }
        return (.open(grant, since: since, deadline: deadline), grant)
    }

    private static func draining(_ json: JSONValue) throws(RecordError) -> DrainingGrant {
        guard case (.open(let grant, let since, let deadline), _) = try grantState(json),
            let until = json["until"]?.moment
        else { throw damaged("draining") }
        return DrainingGrant(grant: grant, openedAt: since, deadline: deadline, until: until)
    }

    private static func ending(_ json: JSONValue) throws(RecordError) -> EndedGrant {
        guard let message = json["message"]?.text, let ended = json["ended"]?.moment else {
            throw damaged("recent")
        }
        let entry = AuditEntry(.grantClosed, message, fields: try fields(json))
        return EndedGrant(entry: entry, openedAt: json["opened"]?.moment, endedAt: ended)
    }

    private static func fields(_ json: JSONValue) throws(RecordError) -> [AuditField: [String]] {
        guard case .object(let members)? = json["fields"] else { throw damaged("fields") }
        var fields: [AuditField: [String]] = [:]
        for member in members {
            guard let field = AuditField(rawValue: member.name),
                let values = member.value.items?.compactMap(\.text)
            else { throw damaged("fields") }
            fields[field] = values
        }
        return fields
    }
}

extension JSONValue {
    fileprivate static func optional(_ moment: Moment?) -> JSONValue {
        moment.map { .integer($0.microseconds) } ?? .null
    }

    fileprivate var moment: Moment? { number.map(Moment.init(microseconds:)) }
}
