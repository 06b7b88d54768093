import StrictJSON
import Testing
import Varlink

@Suite struct `The description of an interface` {
    private enum Colour: String, CaseIterable, Hashable, Sendable {
        case red, green
    }

    private struct Paint: VarlinkCodable {
        static let members = [
            VarlinkMember("colour", oneOf: Colour.self),
            VarlinkMember("coats", "?int", "How many\nof them"),
        ]

        init(from value: JSONValue) throws(VarlinkError) {
            _ = try VarlinkObject(value)
        }

        var jsonValue: JSONValue { [:] }
    }

    private static let paint: MethodDescriptor<NoParameters, Paint> = MethodDescriptor(
        interface: "org.example.Wall",
        "Paint",
        .change,
        "Paints it"
    )

    @Test func `is written from its methods, types and errors`() {
        let interface = VarlinkInterface(
            name: "org.example.Wall",
            comment: "A wall",
            types: [NamedType("Paint", Paint.self, "A colour, and more")],
            methods: [Self.paint],
            errors: [
                ErrorDescriptor("Wet"),
                ErrorDescriptor("Gone", [VarlinkMember("since", "int")], "It is not there"),
            ],
            tooSlow: .permissionDenied
        )
        #expect(
            interface.description == """
                # A wall
                interface org.example.Wall

                # A colour, and more
                type Paint (
                  colour: (red, green),
                  # How many
                  # of them
                  coats: ?int
                )

                # Paints it
                method Paint() -> (
                  colour: (red, green),
                  # How many
                  # of them
                  coats: ?int
                )

                error Wet ()
                # It is not there
                error Gone (since: int)

                """
        )
    }
}
