/// The policies of an Azure document, in whichever shape people hold it.
///
/// One policy as ARM gives it, a list of them under `value`, what `az security jit-policy` and
/// PowerShell print (a bare array, `properties` flattened into the policy), an ARM template with
/// other resources besides, or the answer of a Resource Graph query.
struct AzurePolicies {
    private(set) var found: [AzureNode] = []
    /// The parts of a document that are not carried over, a line each.
    private(set) var notes: [String] = []

    /// Takes the whole of a document.
    mutating func read(_ root: AzureNode) throws(AzureError) {
        if root.isArray { return try found = root.items() }
        if let list = try root.member("value") {
            try noteContinuation(root, ["nextLink"])
            found = try list.items()
        } else if let rows = try root.member("data") {
            try noteContinuation(root, ["skip_token", "skipToken", "$skipToken"])
            try readRows(rows)
        } else if try root.member("resources") != nil {
            try readTemplate(root)
        } else {
            found = [root]
        }
    }

    private mutating func noteContinuation(
        _ root: AzureNode,
        _ names: [String]
    ) throws(AzureError) {
        for name in names {
            guard let link = try root.member(name) else { continue }
            notes.append(
                "\(link.path): the list goes on elsewhere, and what is there is not in here"
            )
        }
    }

    /// The rows of a Resource Graph answer, which may be of any kind.
    private mutating func readRows(_ rows: AzureNode) throws(AzureError) {
        guard rows.isArray else {
            throw rows.error("this must be an array of objects; ask for resultFormat objectArray")
        }
        for row in try rows.items() { try readResource(row) }
    }

    private mutating func readTemplate(_ template: AzureNode) throws(AzureError) {
        guard let resources = try template.member("resources") else { return }
        // Templates with symbolic names have an object in place of the array.
        let items =
            try resources.isObject ? resources.members().map(\.node) : resources.items()
        for item in items { try readResource(item) }
    }

    /// A resource, and those that it declares inside itself.
    private mutating func readResource(_ resource: AzureNode) throws(AzureError) {
        let type = try resource.member("type")?.text().lowercased()
        let last = type?.split(separator: "/").last
        if type == nil || last == "jitnetworkaccesspolicies" {
            found.append(resource)
        } else if let template = try resource.member("properties")?.template() {
            try readTemplate(template)
        } else if try resource.member("resources") == nil {
            notes.append("\(resource.path): not carried over, as it is no such policy")
        }
        if try resource.member("resources") != nil { try readTemplate(resource) }
    }
}

extension AzureNode {
    /// The template of a nested deployment.
    fileprivate func template() throws(AzureError) -> AzureNode? {
        isObject ? try member("template") : nil
    }
}

/// The bytes of a document as programs on Windows write them.
enum AzureText {
    /// The text in UTF-8 and without a byte order mark; UTF-16 is known by its own.
    static func utf8(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        if bytes.starts(with: [0xFF, 0xFE]) { return fromUTF16(bytes) { $1 << 8 | $0 } }
        if bytes.starts(with: [0xFE, 0xFF]) { return fromUTF16(bytes) { $0 << 8 | $1 } }
        return bytes
    }

    private static func fromUTF16(
        _ bytes: [UInt8],
        _ unit: (UInt16, UInt16) -> UInt16
    ) -> [UInt8] {
        let units = stride(from: 2, to: bytes.count - 1, by: 2).map {
            unit(UInt16(bytes[$0]), UInt16(bytes[$0 + 1]))
        }
        guard bytes.count % 2 == 0, let text = String(validating: units, as: UTF16.self) else {
            return bytes
        }
        return Array(text.utf8)
    }
}
