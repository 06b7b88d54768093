import Grants
import StrictJSON

/// A bar as the snapshot keeps it.
enum BarForm {
    static func json(_ bar: Bar) -> JSONValue {
        [
            "id": .string(bar.id.description),
            "digest": .optional(bar.digest),
            "revokes": .array(bar.selection.texts.map(JSONValue.string)),
            "until": .integer(bar.until.microseconds), "reason": .string(bar.reason),
            "actors": .array(bar.actors.map(JSONValue.string)),
        ]
    }

    static func bar(_ json: JSONValue) -> Bar? {
        guard let id = json["id"]?.text.flatMap({ try? GrantID(parsing: $0) }),
            let texts = json["revokes"]?.items?.compactMap(\.text),
            let selection = RevocationSelection(recorded: texts),
            let until = json["until"]?.number, let reason = json["reason"]?.text,
            let actors = json["actors"]?.items?.compactMap(\.text)
        else { return nil }
        return Bar(
            id: id,
            digest: json["digest"]?.text,
            selection: selection,
            until: Moment(microseconds: until),
            reason: reason,
            actors: actors
        )
    }
}
