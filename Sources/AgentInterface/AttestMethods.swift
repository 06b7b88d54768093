package import StrictJSON
package import Varlink

/// The signed status of the host: an answer to Attest.
package struct AttestReply: VarlinkCodable {
    package static let members = [
        VarlinkMember(
            "note",
            "?string",
            "As docs/PROTOCOL.fleet has it; null in the last reply to a call with more"
        )
    ]

    /// `nil` once something of what the note before says has changed.
    package var note: String?

    package init(note: String?) {
        self.note = note
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        note = try VarlinkObject(value).optionalText("note")
    }

    package var jsonValue: JSONValue { ["note": JSONValue(note)] }
}

/// The parameters of Prove.
package struct ProveParameters: VarlinkCodable {
    package static let members = [
        VarlinkMember("sizes", "[]int", "Numbers of records, each greater than the one before")
    ]
    /// The present size of the log comes after them.
    package static let limit = 1_024

    package var sizes: [Int64]

    package init(sizes: [Int64]) {
        self.sizes = sizes
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        sizes = try VarlinkObject(value).required("sizes") { value in
            guard let items = value.items, items.count <= Self.limit else { return nil }
            let sizes = items.compactMap(\.number)
            let isAscending = zip(sizes, sizes.dropFirst()).allSatisfy { $0 < $1 }
            guard sizes.count == items.count, isAscending, sizes.first ?? 0 >= 0 else {
                return nil
            }
            return sizes
        }
    }

    package var jsonValue: JSONValue { ["sizes": .array(sizes.map(JSONValue.integer))] }
}

/// The proof that the log only grew: the answer to Prove.
package struct ProveReply: VarlinkCodable {
    package static let members = [
        VarlinkMember("proof", "string", "As docs/PROTOCOL.fleet has it")
    ]

    package var proof: String

    package init(proof: String) {
        self.proof = proof
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        proof = try VarlinkObject(value).text("proof")
    }

    package var jsonValue: JSONValue { ["proof": .string(proof)] }
}
