import Testing

@testable import FetchSettings

struct FleetConfigurationTests {
    private func read(_ text: String) throws -> FleetConfiguration {
        try FleetConfiguration(parsing: Array(text.utf8), file: "fleet.toml")
    }

    @Test func `an empty file says nothing`() throws {
        #expect(try read("") == FleetConfiguration())
    }

    @Test func `every key is read`() throws {
        let configuration = try read(
            """
            [depot]
            url = "https://depot.example.com/jitgate/"
            ca = "/etc/ca.pem"
            certificate = "/etc/me.pem"
            credentials = "/etc/keys"
            [fleet]
            allowed_signers = "/etc/signers"
            inventory = "/etc/hosts.fleet"
            witness = "/var/lib/witness"
            """
        )
        #expect(configuration.depot == "https://depot.example.com/jitgate")
        #expect(configuration.authorities == "/etc/ca.pem")
        #expect(configuration.certificate == "/etc/me.pem")
        #expect(configuration.credentials == "/etc/keys")
        #expect(configuration.allowedSigners == "/etc/signers")
        #expect(configuration.inventory == "/etc/hosts.fleet")
        #expect(configuration.witness == "/var/lib/witness")
        #expect(try read("[depot]\nurl = \"/srv/depot/\"").depot == "/srv/depot")
    }

    @Test(arguments: [
        ("[depot]\nurl = \"http://depot.example.com\"", "fleet.toml:2:1: `depot.url`"),
        ("[depot]\nurl = \"depot\"", "or a path from / does"),
        ("[depot]\nurl = \"/srv/../depot\"", "there is one spelling only"),
        ("[depot]\nurll = \"/srv\"", "did you mean `url`?"),
        ("[fleet]\nallowed_signers = \"signers\"", "a path from / belongs here"),
        ("[flet]", "did you mean `fleet`?"), ("[depot", "fleet.toml:1:"),
    ])
    func `a mistake is told with its place`(text: String, message: String) {
        let error = #expect(throws: FetchConfigurationError.self) { try read(text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func `a depot is a URL or a path`() throws {
        #expect(try DepotPlace("https://a.example/b/") == .web("https://a.example/b"))
        #expect(try DepotPlace("/srv/depot//") == .directory("/srv/depot"))
        #expect(try DepotPlace("./depot") == .directory("./depot"))
        for text in ["", "depot", "ftp://a", "http://a.example", "https://u@a"] {
            #expect(throws: DepotURLError.self) { try DepotPlace(text) }
        }
    }
}
