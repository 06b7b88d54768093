/// A TOML 1.0 file as a tree of settings, with the place of each.
struct Document {
    /// Bytes; a policy that names 5,000 networks fits.
    static let sizeLimit = 256 * 1024

    let root: [String: Setting]
    private let tree: SettingTree

    init(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
        do throws(ConfigurationError.Problem) {
            try Self.refuseFlaws(in: bytes)
            var reader = DocumentReader(bytes)
            try reader.read()
            tree = reader.tree
            root = tree.root
        } catch {
            throw ConfigurationError(file: file, problems: [error])
        }
    }

    /// Every key and element that the file has a place for.
    var paths: Set<SettingPath> { tree.paths }

    /// The place of `path`, or of the nearest thing around it that has one.
    func position(of path: SettingPath) -> Position {
        var candidate: SettingPath? = path
        while let current = candidate {
            if let position = tree.position(of: current) { return position }
            candidate = current.parent
        }
        return Position(line: 1, column: 1)
    }

    /// What may stand nowhere in a TOML file, be it in a comment or in a string.
    private static func refuseFlaws(in bytes: [UInt8]) throws(ConfigurationError.Problem) {
        var position = Position(line: 1, column: 1)
        guard bytes.count <= sizeLimit else {
            let reason = "the file has \(bytes.count) bytes"
            throw ConfigurationError.Problem(at: position, reason, "\(sizeLimit) are enough")
        }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var isAfterReturn = false
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput where !isAfterReturn: return
            case .error: throw ConfigurationError.Problem(at: position, "the text is not UTF-8", "")
            case .scalarValue("\n"):
                position = Position(line: position.line + 1, column: 1)
                isAfterReturn = false
            case .scalarValue(let scalar) where !isAfterReturn && mayStand(scalar):
                position.column += 1
                isAfterReturn = scalar == "\r"
            case .scalarValue, .emptyInput:
                let reason = "a control character stands here"
                throw ConfigurationError.Problem(at: position, reason, "leave it out")
            }
        }
    }

    private static func mayStand(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\t" || scalar == "\r" || scalar.value >= 0x20 && scalar != "\u{7F}"
    }
}

extension ConfigurationError.Problem {
    /// A problem of the text itself, before any key has a meaning.
    init(at position: Position, _ reason: String, _ remedy: String) {
        self.init(position: position, key: nil, reason: reason, remedy: remedy)
    }
}
