/// OpenAI's nine CLIPs. Their addresses contain their checksums. The vocabulary that all of them share comes with the
/// program.
extension Catalogue {
    private static func model(
        _ file: String,
        _ paints: String,
        _ architecture: String,
        bytes: Int64,
        sha256: String
    ) -> KnownModel {
        KnownModel(
            name: ModelName.normalized(file),
            kind: .clip,
            paints: paints,
            architecture: architecture,
            importedBytes: bytes,
            files: [
                RemoteFile(
                    "\(file).pt",
                    [
                        Source(
                            "https://openaipublic.azureedge.net/clip/models/\(sha256)/\(file).pt",
                            bytes: bytes,
                            sha256: sha256
                        ),
                        Source("\(mirror)/clip/\(sha256)/\(file).pt", bytes: bytes, sha256: sha256),
                    ]
                )
            ],
            aliases: [],
            approximateBytes: nil
        )
    }

    static let clips: [KnownModel] = [
        model(
            "ViT-B-32",
            "the classic choice: fast, understands style and things",
            "ViT, 224 px, patch 32, 512 features",
            bytes: 353_976_522,
            sha256: "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"
        ),
        model(
            "ViT-B-16",
            "finer detail than vit-b-32, three times slower",
            "ViT, 224 px, patch 16, 512 features",
            bytes: 350_837_078,
            sha256: "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"
        ),
        model(
            "ViT-L-14",
            "the best understanding at 224 px, slow",
            "ViT, 224 px, patch 14, 768 features",
            bytes: 932_768_134,
            sha256: "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"
        ),
        model(
            "ViT-L-14-336px",
            "vit-l-14 with a sharper eye, the slowest ViT",
            "ViT, 336 px, patch 14, 768 features",
            bytes: 934_088_680,
            sha256: "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02"
        ),
        model(
            "RN50",
            "a convolutional eye: texture, and softer forms",
            "ResNet 3-4-6-3, 224 px, 1024 features",
            bytes: 255_827_503,
            sha256: "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762"
        ),
        model(
            "RN101",
            "deeper than rn50",
            "ResNet 3-4-23-3, 224 px, 512 features",
            bytes: 291_791_292,
            sha256: "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599"
        ),
        model(
            "RN50x4",
            "strong texture and composition",
            "ResNet 4-6-10-6, 288 px, 640 features",
            bytes: 421_854_225,
            sha256: "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd"
        ),
        model(
            "RN50x16",
            "larger still, slow",
            "ResNet 6-8-18-8, 384 px, 768 features",
            bytes: 661_125_706,
            sha256: "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa"
        ),
        model(
            "RN50x64",
            "the largest ResNet, very slow",
            "ResNet 3-15-36-10, 448 px, 1024 features",
            bytes: 1_353_500_174,
            sha256: "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c"
        ),
    ]
}
