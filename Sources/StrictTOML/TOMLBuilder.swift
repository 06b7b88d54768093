/// The settings of a file while it is read, under TOML's law that nothing is defined twice.
///
/// Kept flat, a node a path, so that a hostile file costs no more than its size.
struct TOMLBuilder {
    /// The cause of a node, which decides what may still be added to it.
    private enum Origin {
        /// A table that only a deeper header has named, or a dotted key.
        case implicit, dotted
        /// A table under a header of its own.
        case header
        /// An array that each `[[header]]` adds a table to.
        case tables
        /// A value, an array and an inline table included: complete.
        case value(TOMLValue?)
    }

    private struct Node {
        var origin: Origin
        let position: TOMLPosition
        var children: [TOMLPath.Step] = []
    }

    /// A part of a key and where it stands.
    typealias Part = (name: String, position: TOMLPosition)

    private var nodes: [TOMLPath: Node] = [
        TOMLPath(): Node(origin: .header, position: TOMLPosition(line: 1, column: 1))
    ]

    var paths: Set<TOMLPath> { Set(nodes.keys).subtracting([TOMLPath()]) }

    func position(of path: TOMLPath) -> TOMLPosition? { nodes[path]?.position }

    /// Opens the table of a header, `[a.b]` or `[[a.b]]`, and returns where it is.
    mutating func open(_ parts: [Part], asElement: Bool) throws(TOMLProblem) -> TOMLPath {
        var path = TOMLPath()
        for part in parts.dropLast() {
            path = try pass(part, of: path)
        }
        guard let last = parts.last else { return path }
        return asElement ? try addElement(last, to: path) : try define(last, in: path)
    }

    /// Makes room for the value of a dotted key and answers where it goes.
    mutating func place(_ parts: [Part], under base: TOMLPath) throws(TOMLProblem) -> TOMLPath {
        var path = base
        for part in parts.dropLast() {
            path = path[part.name]
            switch nodes[path]?.origin {
            case nil: add(path, .dotted, part.position)
            case .dotted: continue
            case .implicit, .header, .tables, .value:
                throw redefinition(of: path, at: part.position)
            }
        }
        guard let last = parts.last else { return path }
        path = path[last.name]
        guard nodes[path] == nil else { throw redefinition(of: path, at: last.position) }
        add(path, .value(nil), last.position)
        return path
    }

    /// Makes room for the next element of the array at `path`.
    mutating func placeElement(
        _ index: Int,
        of path: TOMLPath,
        at position: TOMLPosition
    ) -> TOMLPath {
        add(path[index], .value(nil), position)
        return path[index]
    }

    mutating func set(_ path: TOMLPath, to setting: TOMLValue) {
        nodes[path]?.origin = .value(setting)
    }

    // MARK: headers

    private mutating func pass(_ part: Part, of base: TOMLPath) throws(TOMLProblem) -> TOMLPath {
        let path = base[part.name]
        switch nodes[path]?.origin {
        case nil: add(path, .implicit, part.position)
        case .implicit, .dotted, .header: break
        case .tables: return path[(nodes[path]?.children.count ?? 0) - 1]
        case .value: throw redefinition(of: path, at: part.position)
        }
        return path
    }

    private mutating func define(_ part: Part, in base: TOMLPath) throws(TOMLProblem) -> TOMLPath {
        let path = base[part.name]
        switch nodes[path]?.origin {
        case nil: add(path, .header, part.position)
        case .implicit: nodes[path]?.origin = .header
        case .dotted, .header, .tables, .value: throw redefinition(of: path, at: part.position)
        }
        return path
    }

    private mutating func addElement(
        _ part: Part,
        to base: TOMLPath
    ) throws(TOMLProblem) -> TOMLPath {
        let path = base[part.name]
        switch nodes[path]?.origin {
        case nil: add(path, .tables, part.position)
        case .tables: break
        case .implicit, .dotted, .header, .value: throw redefinition(of: path, at: part.position)
        }
        let element = path[nodes[path]?.children.count ?? 0]
        add(element, .header, part.position)
        return element
    }

    private mutating func add(_ path: TOMLPath, _ origin: Origin, _ position: TOMLPosition) {
        nodes[path] = Node(origin: origin, position: position)
        guard let parent = path.parent, let step = path.steps.last else { return }
        nodes[parent]?.children.append(step)
    }

    private func redefinition(of path: TOMLPath, at position: TOMLPosition) -> TOMLProblem {
        let line = nodes[path]?.position.line ?? 1
        return TOMLProblem(
            at: position,
            "line \(line) has defined `\(path)` already",
            "define it once"
        )
    }

    // MARK: the result

    var root: [String: TOMLValue] { table(at: TOMLPath()) }

    // The reader has bounded how deep this goes.
    private func table(at path: TOMLPath) -> [String: TOMLValue] {
        (nodes[path]?.children ?? []).reduce(into: [:]) { table, step in
            guard case .key(let name) = step else { return }
            table[name] = setting(at: path[step])
        }
    }

    private func setting(at path: TOMLPath) -> TOMLValue {
        switch nodes[path]?.origin {
        case .tables, .value(.array): array(at: path)
        case .value(let setting?) where !setting.isTable: setting
        case .value, .implicit, .dotted, .header, nil: .table(table(at: path))
        }
    }

    private func array(at path: TOMLPath) -> TOMLValue {
        .array((nodes[path]?.children ?? []).map { setting(at: path[$0]) })
    }
}

extension TOMLValue {
    fileprivate var isTable: Bool {
        if case .table = self { true } else { false }
    }
}
