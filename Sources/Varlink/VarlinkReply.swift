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

    package init(_ error: VarlinkError) {
        self.error = error.name
        parameters = error.parameters
        continues = false
    }

    /// Reads one message; members that this version does not know are skipped.
    package init(message: [UInt8]) throws(MalformedReply) {
        let node: JSONNode
        do throws(JSONSyntaxError) {
            // A reply may be long: the service is trusted, and so is what it lists.
            node = try JSONNode.parse(message, limits: .init(bytes: message.count, depth: 16))
        } catch {
            throw MalformedReply(description: "\(error)")
        }
        do throws(VarlinkError) {
            let object = try VarlinkObject(node.value)
            error = try object.optionalText("error")
            parameters = try object.optional("parameters") { $0 } ?? [:]
            continues = try object.optional("continues", \.flag) ?? false
        } catch {
            throw MalformedReply(description: "a member of it is of the wrong type")
        }
    }

    /// The message without its NUL.
    package var message: [UInt8] {
        var members = [JSONValue.Member("parameters", parameters)]
        if let error { members.insert(JSONValue.Member("error", .string(error)), at: 0) }
        if continues { members.append(JSONValue.Member("continues", true)) }
        return JSONValue.object(members).encoded()
    }
}

/// A message that is no reply.
package struct MalformedReply: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}
