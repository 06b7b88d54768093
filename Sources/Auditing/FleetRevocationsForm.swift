import Grants
import StrictJSON

/// The form in which the snapshot keeps the revocations of bulletins.
enum FleetRevocationsForm {
    static func json(_ fleet: FleetRevocations) -> JSONValue {
        [
            "keys": .array(
                fleet.keys.map { fingerprint, key in
                    [
                        "key": .string(fingerprint), "since": .integer(key.since.microseconds),
                        "digest": .string(key.digest),
                    ]
                }
            ),
            "lifted": .array(
                fleet.lifted.map { ["key": .string($0), "until": .integer($1.microseconds)] }
            ),
            "ending": .array(fleet.ending.map(json)),
        ]
    }

    private static func json(_ id: GrantID, _ ending: FleetRevocations.Ending) -> JSONValue {
        [
            "id": .string(id.description), "reason": .string(ending.reason.rawValue),
            "digest": .string(ending.digest),
            "actors": .array(ending.actors.map(JSONValue.string)),
            "comment": .string(ending.comment),
        ]
    }

    /// Reads them back; a snapshot without them is of before there were bulletins.
    static func revocations(_ json: JSONValue?) -> FleetRevocations? {
        var fleet = FleetRevocations()
        guard let json else { return fleet }
        guard let keys = json["keys"]?.items, let lifted = json["lifted"]?.items,
            let endings = json["ending"]?.items
        else { return nil }
        for item in keys {
            guard let key = item["key"]?.text, let since = item["since"]?.number,
                let digest = item["digest"]?.text
            else { return nil }
            fleet.keys[key] = .init(since: Moment(microseconds: since), digest: digest)
        }
        for item in lifted {
            guard let key = item["key"]?.text, let until = item["until"]?.number else { return nil }
            fleet.lifted[key] = Moment(microseconds: until)
        }
        for item in endings {
            guard let id = item["id"]?.text.flatMap({ try? GrantID(parsing: $0) }),
                let ending = ending(item)
            else { return nil }
            fleet.ending[id] = ending
        }
        return fleet
    }

    private static func ending(_ item: JSONValue) -> FleetRevocations.Ending? {
        guard let reason = item["reason"]?.text.flatMap(EndReason.init(rawValue:)),
            let digest = item["digest"]?.text,
            let actors = item["actors"]?.items?.compactMap(\.text),
            let comment = item["comment"]?.text
        else { return nil }
        return .init(reason: reason, digest: digest, actors: actors, comment: comment)
    }
}
