import CommandSupport
import Commands
import StrictJSON
import TestSupport
import Testing

@Suite struct `An Azure policy` {
    private static let group =
        "/subscriptions/20ff7fc3-e762-44dd-bd96-b71116dcdc23/resourceGroups/myRg1/providers"

    private static func machine(_ name: String, _ ports: String) -> String {
        """
        {"id": "\(group)/Microsoft.Compute/virtualMachines/\(name)", "ports": [\(ports)]}
        """
    }

    private static let ssh = """
        {"number": 22, "protocol": "*", "allowedSourceAddressPrefix": "*",
         "maxRequestAccessDuration": "PT3H"}
        """
    private static let rdp = """
        {"number": 3389, "protocol": "TCP",
         "allowedSourceAddressPrefixes": ["10.0.0.0/16", "192.0.2.7", "2001:db8::/32"],
         "maxRequestAccessDuration": "PT1H30M"}
        """

    /// A policy as the REST API of 2020-01-01 answers it.
    private static func policy(_ machines: String...) -> String {
        """
        {
          "kind": "Basic",
          "properties": {
            "virtualMachines": [\(machines.joined(separator: ", "))],
            "requests": [
              {
                "virtualMachines": [
                  {
                    "id": "\(group)/Microsoft.Compute/virtualMachines/vm1",
                    "ports": [
                      {"number": 3389, "allowedSourceAddressPrefix": "192.127.0.2",
                       "endTimeUtc": "2018-05-17T09:06:45.5691611Z", "status": "Initiated",
                       "statusReason": "UserRequested"}
                    ]
                  }
                ],
                "startTimeUtc": "2018-05-17T08:06:45.5691611Z",
                "requestor": "barbara@contoso.com"
              }
            ],
            "provisioningState": "Succeeded"
          },
          "id": "\(group)/Microsoft.Security/locations/westeurope/jitNetworkAccessPolicies/default",
          "name": "default",
          "type": "Microsoft.Security/locations/jitNetworkAccessPolicies",
          "location": "westeurope"
        }
        """
    }

    private func run(_ document: String, _ words: String...) throws -> Bench.Outcome {
        try Bench().run(
            words: ["policy", "import-azure", "-"] + words,
            in: .init(input: Array(document.utf8))
        )
    }

    @Test func `becomes a policy file that says the same`() throws {
        let outcome = try run(Self.policy(Self.machine("vm1", Self.ssh + "," + Self.rdp)))
        #expect(outcome.status == .done)
        let policy = outcome.output.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(
            policy.joined(separator: "\n") == """
                mode = "observe"
                [[port]]
                number = 22
                protocol = "tcp"
                max_duration = "3h"
                allowed_sources = []
                [[port]]
                number = 22
                protocol = "udp"
                max_duration = "3h"
                allowed_sources = []
                [[port]]
                number = 3389
                protocol = "tcp"
                max_duration = "1h30m"
                allowed_sources = ["10.0.0.0/16", "192.0.2.7/32", "2001:db8::/32"]
                """
        )
        #expect(
            outcome.errors
                == "jitgate: standard input: properties.requests: past requests are history; "
                + "a grant is signed anew\n"
        )
    }

    @Test func `comes in lists, of the REST API and of the command line tool`() throws {
        let one = Self.policy(Self.machine("vm1", Self.ssh))
        let flat = """
            {"id": "x", "kind": "Basic", "location": "westeurope", "name": "default",
             "provisioningState": "Succeeded", "requests": null, "resourceGroup": "myRg1",
             "type": "t", "virtualMachines": [\(Self.machine("vm1", Self.ssh))]}
            """
        let alone = try run(one).output
        for document in ["{\"value\": [\(one)]}", "[\(one)]", flat, "[\(flat)]"] {
            #expect(try run(document).output == alone)
        }
        let more = try run("{\"value\": [\(one)], \"nextLink\": \"https://example.com\"}")
        #expect(more.output == alone)
        #expect(more.errors.contains("nextLink: the list goes on"))
    }

    /// The same with names in PowerShell's capitals.
    private static func capitalized(_ document: String) -> String {
        let names = [
            "id", "kind", "name", "location", "type", "virtualMachines", "ports", "number",
            "protocol",
            "allowedSourceAddressPrefix", "maxRequestAccessDuration", "requests",
        ]
        return names.reduce(document) { text, name in
            text.replacing(
                "\"\(name)\":",
                with: "\"\(name.prefix(1).uppercased() + name.dropFirst())\":"
            )
        }
    }

    @Test func `comes in the shapes of PowerShell, templates and Resource Graph`() throws {
        let one = Self.policy(Self.machine("vm1", Self.ssh))
        let alone = try run(one).output
        let flat = """
            {"id": "x", "kind": "Basic", "name": "default", "requests": [],
             "virtualMachines": [\(Self.machine("vm1", Self.ssh.replacing("22", with: "\"22\"")))]}
            """
        let prefixes = Self.ssh.replacing(
            "\"*\",\n",
            with: "\"*\", \"allowedSourceAddressPrefixes\": [],\n"
        )
        let network =
            "{\"type\": \"Microsoft.Network/virtualNetworks\", \"name\": \"n\", \"properties\": {}}"
        let schema =
            "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
        let template = """
            {"$schema": "\(schema)", "contentVersion": "1.0.0.0", "parameters": {},
             "resources": [\(network), \(one)]}
            """
        let nested = """
            {"resources": {"outer": {"type": "Microsoft.Resources/deployments", "name": "d",
             "properties": {"template": \(template)}}}}
            """
        for document in [
            Self.capitalized(flat), "[\(Self.capitalized(flat))]", "\u{FEFF}\(one)",
            Self.policy(Self.machine("vm1", prefixes)), template, nested,
            "{\"count\": 1, \"data\": [\(one)], \"skip_token\": null, \"total_records\": 1}",
            "{\"Data\": [\(Self.capitalized(one))], \"SkipToken\": null}",
        ] {
            let outcome = try run(document)
            #expect(outcome.output == alone, "\(document): \(outcome.errors)")
        }
        #expect(try run(template).errors.contains("resources[0]: not carried over"))
        let more = try run("{\"data\": [\(one)], \"skip_token\": \"x\"}")
        #expect(more.output == alone && more.errors.contains("skip_token: the list goes on"))
        let table = try run("{\"data\": {\"columns\": [], \"rows\": []}}")
        #expect(table.status == .no && table.errors.contains("resultFormat objectArray"))
    }

    @Test(arguments: [true, false])
    func `is read as Windows PowerShell writes files`(isLittle: Bool) throws {
        let one = Self.policy(Self.machine("vm1", Self.ssh))
        let units = [0xFEFF] + Array(one.utf16)
        let bytes = units.flatMap { unit in
            let pair = [UInt8(unit & 0xFF), UInt8(unit >> 8)]
            return isLittle ? pair : pair.reversed()
        }
        let read = { (bytes: [UInt8]) in
            try Bench().run(words: ["policy", "import-azure", "-"], in: .init(input: bytes))
        }
        #expect(try read(bytes).output == run(one).output)
        #expect(try read(bytes.dropLast()).status == .no)
    }

    @Test func `names the machine of a template by the last text of its expression`() throws {
        let id = "[resourceId('Microsoft.Compute/virtualMachines', 'web-1')]"
        let machine = "{\"id\": \"\(id)\", \"ports\": [\(Self.ssh)]}"
        let type = "\"type\": \"Microsoft.Security/locations/jitNetworkAccessPolicies\""
        let template = """
            {"resources": [{\(type), "name": "[concat('x')]", "dependsOn": [],
             "properties": {"virtualMachines": [\(machine)]}}]}
            """
        let json = try JSONNode.parse(Array(run(template, "--json").output.utf8)).value
        #expect(json["machine"] == "web-1")
        #expect(json["notes"]?.items?.isEmpty == true)
    }

    @Test func `of several machines has to say the same of all, or one is chosen`() throws {
        let same = Self.policy(Self.machine("a", Self.ssh), Self.machine("b", Self.ssh))
        #expect(try run(same).status == .done)
        let different = Self.policy(Self.machine("a", Self.ssh), Self.machine("b", Self.rdp))
        let outcome = try run(different)
        #expect(outcome.status == .no)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("choose one with --machine: a, b"))
        let chosen = try run(different, "--machine", "B", "--json")
        let json = try JSONNode.parse(Array(chosen.output.utf8)).value
        #expect(json["machine"] == "b")
        #expect(json["policy"]?["port"]?.items?.first?["number"] == 3389)
        #expect(try run(different, "--machine", "c").errors.contains("there are a, b"))
    }

    @Test func `says what it leaves behind`() throws {
        let machine = """
            {"id": "vm1", "publicIpAddress": "203.0.113.9", "ports": [
              {"number": 22, "protocol": "TCP", "allowedSourceAddressPrefix": "0.0.0.0/0",
               "maxRequestAccessDuration": "P1D", "colour": "blue"}]}
            """
        let outcome = try run("{\"virtualMachines\": [\(machine)]}")
        #expect(outcome.status == .done)
        #expect(outcome.output.contains("max_duration = \"24h\""))
        #expect(outcome.errors.contains("virtualMachines[0].publicIpAddress: not carried over"))
        #expect(outcome.errors.contains("virtualMachines[0].ports[0].colour: not carried over"))
        #expect(outcome.errors.contains("everyone of one IP version is taken for everyone"))
    }

    @Test(arguments: [
        ("\"number\": 22", "\"number\": 0", "number: this must be 1 to 65535"),
        ("\"number\": 22", "\"number\": \"022\"", "number: this must be a whole number"),
        ("\"number\": 22", "\"number\": 22.0", "22.0 is not a whole number"),
        ("\"number\": 22", "\"number\": 22, \"Number\": 23", "Number: this is there twice"),
        ("[{\"number\"", "\"System.Object[]\", \"x\": [{\"number\"", "ConvertTo-Json -Depth 9"),
        ("\"number\": 22, ", "", "ports[0]: `number` is missing"),
        ("\"*\", \"allowed", "\"ICMP\", \"allowed", "protocol: this must be TCP, UDP or *"),
        ("PT3H", "PT25H", "a policy allows 1 second to 24 hours"),
        ("PT3H", "3:00:00", "no ISO 8601 duration"),
        ("PT3H", "P1M", "no ISO 8601 duration"),
        ("PT3H", "PT", "no ISO 8601 duration"),
        ("PT3H", "PT1.5H", "no ISO 8601 duration"),
        ("Prefix\": \"*\"", "Prefix\": \"VirtualNetwork\"", "service tags have no meaning"),
        ("Prefix\": \"*\"", "Prefix\": \"10.0.0.5/16\"", "Prefix: "),
        (
            "Prefix\": \"*\"",
            "Prefix\": \"*\", \"allowedSourceAddressPrefixes\": [\"10.0.0.0/8\"]",
            "exclude each other"
        ),
        ("]}", ", \(rdp.replacing("3389", with: "22"))]}", "an earlier rule says otherwise"),
        ("{\"id\"", "{\"id\": \"x\", \"id\"", ":"),
    ])
    func `is refused where ours could only be laxer`(
        old: String,
        new: String,
        reason: String
    ) throws {
        let machine = Self.machine("vm1", Self.ssh)
        let outcome = try run("{\"virtualMachines\": [\(machine.replacing(old, with: new))]}")
        #expect(outcome.status == .no)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(reason), "\(outcome.errors)")
    }

    @Test(arguments: ["", "{}", "[]", "{\"value\": []}", "{\"virtualMachines\": []}", "null", "3"])
    func `that holds no machine is none`(document: String) throws {
        let outcome = try run(document)
        #expect(outcome.status == .no)
        #expect(outcome.errors.hasPrefix("jitgate: standard input:1:"))
    }
}
