package import StrictJSON

/// A reply as it stands on the wire.
package struct VarlinkReply: Hashable, Sendable {
    /// The qualified name of an error, or `nil` for an answer.
    package let error: String?
    package let parameters: JSONValue
    /// Another reply to the same call follows.
    package let continues: Bool

    package init(parameters: JSONValue, continues: Bool = false) {
        error = nil
        self.parameters = parameters
        self.continues = continues
    }

    package init(error: String, parameters: JSONValue) {
        self.error = error
        self.parameters = parameters
        continues = false
    }

    /// Reads one message; members that this version does not know are skipped.
    package init(message: [UInt8]) throws(MemberError) {
        let node: JSONNode
        do throws(JSONSyntaxError) {
            // What root's own agent says may be long: a list of every grant there ever was.
            node = try JSONNode.parse(message, limits: .init(bytes: message.count, depth: 16))
        } catch {
            throw MemberError(member: "\(error)")
        }
        let object = try VarlinkObject(node.value)
        error = try object.optionalText("error")
        parameters = try object.optional("parameters") { $0 } ?? [:]
        continues = try object.optional("continues", \.flag) ?? false
    }

    /// The message without its NUL.
    package var message: [UInt8] {
        var members = [JSONValue.Member("parameters", parameters)]
        if let error { members.insert(JSONValue.Member("error", .string(error)), at: 0) }
        if continues { members.append(JSONValue.Member("continues", true)) }
        return JSONValue.object(members).encoded()
    }
}
