/// A TOML 1.0 file as a tree of settings, with the place of each.
package struct TOMLDocument {
    /// Bytes; a policy that names 5,000 networks fits.
    static let sizeLimit = 256 * 1024

    package let root: [String: TOMLValue]
    private let tree: TOMLBuilder

    package init(_ bytes: [UInt8]) throws(TOMLProblem) {
        try Self.refuseFlaws(in: bytes)
        var reader = TOMLReader(bytes)
        try reader.read()
        tree = reader.tree
        root = tree.root
    }

    /// Every key and element that the file has a place for.
    var paths: Set<TOMLPath> { tree.paths }

    /// The place of `path`, or of the nearest thing around it that has one.
    func position(of path: TOMLPath) -> TOMLPosition {
        var candidate: TOMLPath? = path
        while let current = candidate {
            if let position = tree.position(of: current) { return position }
            candidate = current.parent
        }
        return TOMLPosition(line: 1, column: 1)
    }

    /// Refuses what may stand nowhere in a TOML file, be it in a comment or in a string.
    private static func refuseFlaws(in bytes: [UInt8]) throws(TOMLProblem) {
        var position = TOMLPosition(line: 1, column: 1)
        guard bytes.count <= sizeLimit else {
            let reason = "the file has \(bytes.count) bytes"
            throw TOMLProblem(at: position, reason, "\(sizeLimit) are enough")
        }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var isAfterReturn = false
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput where !isAfterReturn: return
            case .error: throw TOMLProblem(at: position, "the text is not UTF-8", "")
            case .scalarValue("\n"):
                position = TOMLPosition(line: position.line + 1, column: 1)
                isAfterReturn = false
            case .scalarValue(let scalar) where !isAfterReturn && mayStand(scalar):
                position.column += 1
                isAfterReturn = scalar == "\r"
            case .scalarValue, .emptyInput:
                let reason = "a control character stands here"
                throw TOMLProblem(at: position, reason, "leave it out")
            }
        }
    }

    private static func mayStand(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\t" || scalar == "\r" || scalar.value >= 0x20 && scalar != "\u{7F}"
    }
}
